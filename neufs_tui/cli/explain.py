"""`neufs-tui explain`: why an example, in numbers, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.example_names import id_and_number, id_or_number
from neufs_tui.cli.options import (
    capture_options,
    capture_settings,
    json_option,
    pool_options,
    project_request,
    task_options,
)
from neufs_tui.cli.output import say, tables, tell_json
from neufs_tui.core.text import one_line

if TYPE_CHECKING:
    from neufs_tui.core.explanation import Explanation
    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.core.records import Example, ExampleId, Task


@click.command()
@pool_options
@click.argument("example", metavar="ID")
@task_options
@capture_options
@click.option("--again", is_flag=True, help="Ask the model, also for what was stored with a label.")
@json_option
def explain(example: str, again: bool, as_json: bool, **options: Any) -> None:
    """Explain one example of POOL: which of its neurons no label has switched on yet.

    ID is the row's own id, its content hash, or #N for the Nth row. Of an example that is
    labelled, what was stored with its label is printed; of any other, the model is asked: by
    the session's labels, scanning what is not scanned yet.

    \b
    Examples:
      neufs-tui explain pool.jsonl t17
      neufs-tui explain pool.jsonl '#3' --json
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.in_process import explain_example
    from neufs_tui.labelling.headless import find_example
    from neufs_tui.project.project import decisions_of, read_project, stored_of

    project = read_project(project_request(options))
    chosen = find_example(project.pool.examples, example)
    labelled, panel = stored_of(project, chosen.id)
    explanation = None if again else panel
    if explanation is None:
        config = engine_config(project, capture_settings(options))
        unstored = "it was labelled before it was explained: the model is asked now"
        notices = [*project.notices, *([unstored] if labelled and not again else [])]
        with Narrator(notices) as narrator:
            explanation = explain_example(config, chosen.id, decisions_of(project), narrator)
    else:
        say(f"{_stored(labelled, project.task)}; --again asks the model")
    call = id_or_number if as_json else id_and_number
    names = {one.id: call(one) for one in project.pool.examples}

    def name(example_id: ExampleId) -> str:
        return names.get(example_id, f"a row no longer in the pool ({example_id[:8]})")

    if as_json:
        tell_json(_as_json(explanation, labelled, name))
    else:
        _print(explanation, chosen, labelled, lambda example_id: one_line(name(example_id)))


def _stored(labelled: LabelledExample | None, task: Task | None) -> str:
    """Where an explanation is from, and what was asked otherwise then."""
    then = labelled.task if labelled else None
    changes = task.changes_since(then) if task and then else ()
    given = f", given with another {' and '.join(changes)}" if changes else ""
    return f"as it was stored with the label{given}"


def _as_json(
    explanation: Explanation,
    labelled: LabelledExample | None,
    name: Callable[[ExampleId], str],
) -> dict[str, Any]:
    gap, overlap = explanation.gap, explanation.overlap
    pick = labelled.pick if labelled else None
    return {
        "id": name(explanation.example_id),
        "hash": explanation.example_id,
        "label": labelled.answer.text if labelled else None,
        "looked": labelled.looked if labelled else None,
        "shown_with": asdict(pick) if pick else None,
        "model": asdict(explanation.model) if explanation.model else None,
        "answer": explanation.answer,
        "probabilities": dict(explanation.probabilities),
        "n_labelled": explanation.n_labelled,
        "n_unscanned": explanation.n_unscanned,
        "gap": {
            "size": gap.size,
            "set_size": gap.set_size,
            "median": gap.median,
            "rank": gap.rank,
            "n_ranked": gap.n_ranked,
            "n_scanned": gap.n_scanned,
            "by_layer": list(gap.by_layer),
        },
        "neurons": [
            asdict(one)
            | {
                "name": one.name,
                "nearest": name(one.nearest) if one.nearest else None,
                "texts": [name(text) for text in one.texts],
            }
            for one in explanation.neurons
        ],
        "bars": [asdict(bar) for bar in explanation.bars],
        "total": explanation.total,
        "alternatives": [
            asdict(one) | {"example_id": name(one.example_id)} for one in explanation.alternatives
        ],
        "nearest_labelled": asdict(overlap) | {"example_id": name(overlap.example_id)}
        if overlap
        else None,
    }


def _print(
    explanation: Explanation,
    example: Example,
    labelled: LabelledExample | None,
    name: Callable[[ExampleId], str],
) -> None:
    from rich.table import Table
    from rich.text import Text

    from neufs_tui.wording import explanation as wording
    from neufs_tui.wording import gap, reasons, sentences

    console = tables()

    def head(heading: str) -> None:
        console.print(Text(f"\n{heading}", style="bold"))

    def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *numbers: str) -> None:
        drawn = Table(box=None, pad_edge=False)
        for column in columns:
            right = column in numbers
            drawn.add_column(column, justify="right" if right else "left", no_wrap=right)
        for row in rows:
            drawn.add_row(*map(str, row[: len(columns)]))
        console.print(drawn)

    console.print(Text(one_line(example.text), style="bold"))
    if labelled is not None and labelled.pick is not None:
        console.print(sentences.both_answers(labelled.answer, labelled.pick))
        console.print(reasons.why_then(labelled.pick, explanation.n_labels))
    console.print(gap.sentence(explanation))
    console.print(wording.answers(explanation))
    head(wording.BY_LAYER)
    first, strip, last, most = gap.layer_row(explanation.gap)
    console.print(f"{first}{strip}{last}   {most}")
    head(wording.SHARED_BY)
    console.print(gap.told_by(explanation))
    for one in explanation.alike:
        console.print(name(one))
    head(wording.STRONGEST)
    neurons = wording.neuron_rows(explanation, name)
    if neurons:
        table(wording.NEURON_COLUMNS, neurons, "pushes", "in sets", "there")
    else:
        console.print(wording.NO_NEURONS)
    head(wording.push_heading(one_line(explanation.answer)))
    table(wording.PUSH_COLUMNS, wording.push_rows(explanation), "neurons", "pushes")
    if explanation.overlap is not None:
        head(wording.beside_heading(explanation.overlap))
        nearest = name(explanation.overlap.example_id)
        console.print(f"{nearest}: {wording.shared(explanation.overlap)}")
    if explanation.alternatives:
        head(wording.OTHERS)
    for other in wording.other_rows(explanation, name):
        console.print(f"{other.heading}   {other.note}")
