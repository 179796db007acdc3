"""`neufs-tui prompt`: exactly what the model reads for an example."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.example_names import id_and_number
from neufs_tui.cli.options import json_option, pool_options, project_request, task_options
from neufs_tui.cli.output import say, tables, tell_json, tell_stretches
from neufs_tui.core.text import one_line

if TYPE_CHECKING:
    from neufs_tui.core.exact_prompt import ExactPrompt, PromptPart
    from neufs_tui.core.records import Example, ExampleId
    from neufs_tui.project.project import Project


@click.command()
@pool_options
@click.argument("example", metavar="[ID]", required=False)
@task_options
@click.option(
    "-k",
    "first",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only the first N labels are in it; 0: none.  [default: all]",
)
@json_option
def prompt(example: str | None, first: int | None, as_json: bool, **options: Any) -> None:
    """Print exactly what the model reads for an example of POOL behind your labels.

    ID is the row's own id, its content hash, or #N for the Nth row; without it, it is the example
    on the screen, else the first that is not decided. The prompt is decoded from the tokens that
    are read, special ones among them (in a terminal in reverse), and goes to standard output
    without anything else. What each label costs, how much of the context window is left and how
    the labels are scored is told on standard error. Only the model's tokenizer is loaded.

    \b
    Examples:
      neufs-tui prompt pool.jsonl > prompt.txt
      neufs-tui prompt pool.jsonl t17 -k 3
      neufs-tui prompt pool.jsonl '#3' --json
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.exact_prompt import read_prompt
    from neufs_tui.project.project import decisions_of, read_project, require_labels

    project = read_project(project_request(options))
    config, decisions = engine_config(project, CaptureSettings()), decisions_of(project)
    require_labels(config.task, (one.answer for one in decisions))
    chosen = _chosen(project, example)
    with Narrator(project.notices) as narrator:
        made = read_prompt(config, decisions, chosen, narrator, first=first)
    if as_json:
        examples = {one.id: one for one in config.examples}
        tell_json(_as_json(made, config.model.name, examples))
        return
    tell_stretches([(one.text, one.is_special) for part in made.parts for one in part.stretches])
    names = {one.id: id_and_number(one) for one in config.examples}
    _tell_counts(made, names.__getitem__)
    if made.shown and config.selection.rescore == "off":
        say("with --rescore off labels are in no prompt that is read: -k 0 prints those")


def _chosen(project: Project, asked: str | None) -> Example:
    from neufs_tui.labelling.headless import find_example
    from neufs_tui.project.in_view import in_view

    if asked is not None:
        return find_example(project.pool.examples, asked)
    chosen, is_shown = in_view(project)
    why = "on the screen" if is_shown else "the first that is not decided"
    say(f"{one_line(id_and_number(chosen))}: {why}")
    return chosen


def _tell_counts(made: ExactPrompt, name: Callable[[ExampleId], str]) -> None:
    from rich.table import Table

    from neufs_tui.wording import exact_prompt as wording

    console = tables(err=True)
    parts = Table(box=None, pad_edge=False)
    for column in ("part", "tokens", "before", "after"):
        parts.add_column(column, justify="left" if column == "part" else "right")
    for part, end in zip(made.parts, made.ends, strict=True):
        numbers = (part.n_tokens, end - part.n_tokens, end)
        what = one_line(wording.part_name(part, made, name))
        parts.add_row(what, *(f"{number:,}" for number in numbers))
    console.print()
    console.print(parts)
    scored = Table(box=None, pad_edge=False)
    scored.add_column("label")
    scored.add_column("tokens", justify="right")
    scored.add_column("as they are scored")
    for label in made.candidates:
        number = f"{len(label.pieces):,}"
        scored.add_row(one_line(label.name), number, one_line(wording.pieces(label)))
    console.print()
    console.print(scored)
    console.print()
    for sentence in wording.told(made):
        say(sentence)


def _as_json(made: ExactPrompt, model: str, examples: dict[ExampleId, Example]) -> dict[str, Any]:
    return {
        **_named(examples[made.example_id]),
        "model": model,
        "prompt": made.text,
        "n_tokens": made.n_tokens,
        "n_left": made.n_left,
        "context_window": made.window.size,
        "room": made.window.room,
        "room_for_demonstrations": made.window.for_demonstrations,
        "n_labels": made.n_labels,
        "n_demonstrations": len(made.shown),
        "truncated": made.truncated,
        "parts": [
            _part_as_json(part, end, made, examples)
            for part, end in zip(made.parts, made.ends, strict=True)
        ],
        "candidates": [
            {
                "label": label.name,
                "n_tokens": len(label.pieces),
                "ids": [token for one in label.pieces for token in one.ids],
                "pieces": [one.text for one in label.pieces],
            }
            for label in made.candidates
        ],
    }


def _part_as_json(
    part: PromptPart, end: int, made: ExactPrompt, examples: dict[ExampleId, Example]
) -> dict[str, Any]:
    whose: dict[str, Any] = {"id": None, "hash": None, "row": None}
    label = None
    if part.demonstration is not None:
        example_id, label = made.shown[part.demonstration]
        whose = _named(examples[example_id])
    elif part.kind == "text":
        whose = _named(examples[made.example_id])
    special = [one.is_special for one in part.stretches for _ in one.ids]
    return {
        "kind": part.kind,
        **whose,
        "label": label,
        "n_tokens": part.n_tokens,
        "n_before": end - part.n_tokens,
        "n_after": end,
        "text": part.text,
        "ids": list(part.ids),
        "special": [place for place, is_special in enumerate(special) if is_special],
    }


def _named(example: Example) -> dict[str, Any]:
    return {"id": example.stable_id, "hash": example.id, "row": example.row}
