"""`neufs-tui select`: the paper's batch selection, without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.names import example_name
from neufs_tui.cli.options import (
    capture_options,
    capture_settings,
    json_option,
    pool_options,
    project_request,
    selection_options,
    task_options,
)
from neufs_tui.cli.output import tables, tell_json
from neufs_tui.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neufs_tui.engine.headless import Selected
    from neufs_tui.engine.protocol import EngineConfig

_HEADINGS = ("cluster", "id", "medoid", "distance", "neurons", "score")


@click.command()
@pool_options
@click.option(
    "-n", "--shots", "shots", type=int, metavar="N", help="Examples wanted.  [default: 16]"
)
@selection_options
@task_options
@capture_options
@json_option
def select(as_json: bool, **options: Any) -> None:
    """Choose N examples of POOL, one from each of N clusters of neuron sets.

    Scans what is not scanned yet. Equal seeds give equal picks, whatever the order of the rows.

    \b
    Examples:
      neufs-tui select pool.jsonl -n 16 --label Question --label Complaint
      neufs-tui select pool.jsonl -n 8 --tau 0 --seed 3 --json > picks.json
    """
    from neufs_tui.cli.progress import Narrator
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.headless import scan_pool, select_pool
    from neufs_tui.project.project import read_project

    project = read_project(project_request(options))
    config = engine_config(project, capture_settings(options))
    with Narrator(project.notices) as narrator:
        scanned = scan_pool(config, narrator)
    selected = select_pool(config, scanned)
    if as_json:
        tell_json(_as_json(config, selected))
    else:
        _print_table(selected)


def _as_json(config: EngineConfig, selected: Sequence[Selected]) -> dict[str, Any]:
    return {
        "model": config.model.name,
        "shots": config.selection.shots,
        "tau": config.selection.tau,
        "seed": config.selection.seed,
        "difficulty": config.selection.first_signal,
        "picks": [
            {
                "id": one.example.source_id,
                "hash": one.example.id,
                "row": one.example.row,
                "text": one.example.text,
                "cluster": one.pick.cluster,
                "medoid": one.medoid.source_id,
                "medoid_hash": one.medoid.id,
                "distance": one.pick.distance,
                "neuron_count": one.neuron_count,
                "difficulty": one.difficulty,
                "score": one.pick.score,
                "model_answer": one.answer,
            }
            for one in selected
        ],
    }


def _print_table(selected: Sequence[Selected]) -> None:
    """One line a pick; the text takes the room that the numbers leave."""
    from rich.cells import cell_len
    from rich.table import Table

    rows = [
        (
            str(one.pick.cluster),
            one_line(example_name(one.example)),
            one_line(example_name(one.medoid)),
            f"{one.pick.distance:.3f}",
            f"{one.neuron_count:,}",
            f"{one.pick.score:.3f}",
        )
        for one in selected
    ]
    console = tables()
    table = Table(box=None, pad_edge=False)
    widths = [max(map(cell_len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    for heading, width in zip(_HEADINGS, widths, strict=True):
        table.add_column(heading, justify="right", no_wrap=True, min_width=width)
    room = max(20, console.width - sum(widths) - 2 * len(widths))
    table.add_column("text", no_wrap=True, overflow="ellipsis", max_width=room)
    for row, one in zip(rows, selected, strict=True):
        table.add_row(*row, one_line(one.example.text))
    console.print(table)
