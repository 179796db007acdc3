"""`neufs-tui select`: what a strategy chooses without any label, without a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.example_names import id_or_number
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

    from neufs_tui.core.records import ExampleId
    from neufs_tui.engine.in_process import Selected
    from neufs_tui.engine.protocol import EngineConfig

_STRATEGY = "neufs-batch"
"""Unless another was asked for."""


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
    """Choose N examples of POOL: by default one from each of N clusters of neuron sets.

    Scans what is not scanned yet. Equal seeds give equal picks, whatever the order of the rows.
    Labels that the session holds are not looked at.

    \b
    Examples:
      neufs-tui select pool.jsonl -n 16 --label Question --label Complaint
      neufs-tui select pool.jsonl -n 8 --tau 0 --seed 3 --json > picks.json
      neufs-tui select pool.jsonl --strategy entropy
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.in_process import scan_pool, select_pool
    from neufs_tui.project.project import read_project
    from neufs_tui.selection.registry import find_strategy

    project = read_project(project_request(options))
    selection = replace(project.selection, strategy=project.selection.strategy or _STRATEGY)
    find_strategy(selection.strategy_name)
    config = engine_config(replace(project, selection=selection), capture_settings(options))
    with Narrator(project.notices) as narrator:
        scanned = scan_pool(config, narrator)
    selected = select_pool(config, scanned)
    if as_json:
        tell_json(_as_json(config, selected))
    else:
        _print_table(selected)


def _as_json(config: EngineConfig, selected: Sequence[Selected]) -> dict[str, Any]:
    clusters = _clusters(selected)
    return {
        "model": config.model.name,
        "strategy": config.selection.strategy_name,
        "shots": config.selection.shots,
        "tau": config.selection.tau,
        "seed": config.selection.seed,
        "difficulty": selected[0].signal,
        "picks": [
            {
                "id": one.example.source_id,
                "hash": one.example.id,
                "row": one.example.row,
                "text": one.example.text,
                "cluster": clusters[one.medoid.id] if one.medoid else None,
                "medoid": one.medoid.source_id if one.medoid else None,
                "medoid_hash": one.medoid.id if one.medoid else None,
                "distance": one.choice.distance if one.medoid else None,
                "neuron_count": one.neuron_count,
                "difficulty": one.difficulty,
                "score": one.choice.score,
                "model_answer": one.answer,
            }
            for one in selected
        ],
    }


def _clusters(selected: Sequence[Selected]) -> dict[ExampleId, int]:
    """The number of each cluster, by its medoid, in the order in which they come up."""
    medoids = dict.fromkeys(one.medoid.id for one in selected if one.medoid)
    return {medoid: number for number, medoid in enumerate(medoids)}


def _print_table(selected: Sequence[Selected]) -> None:
    """One line a pick, without the numbers that none has; the text takes the room they leave."""
    from rich.cells import cell_len
    from rich.table import Table

    clusters = _clusters(selected)
    rows = [
        {
            "cluster": str(clusters[one.medoid.id]) if one.medoid else "",
            "id": one_line(id_or_number(one.example)),
            "medoid": one_line(id_or_number(one.medoid)) if one.medoid else "",
            "distance": f"{one.choice.distance:.3f}" if one.medoid else "",
            "neurons": f"{one.neuron_count:,}",
            "score": f"{one.choice.score:.3f}" if one.choice.score is not None else "",
        }
        for one in selected
    ]
    console = tables()
    table = Table(box=None, pad_edge=False)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns = {name: cells for name, cells in columns.items() if any(cells)}
    widths = [max(map(cell_len, (name, *cells))) for name, cells in columns.items()]
    for heading, width in zip(columns, widths, strict=True):
        table.add_column(heading, justify="right", no_wrap=True, min_width=width)
    room = max(20, console.width - sum(widths) - 2 * len(widths))
    table.add_column("text", no_wrap=True, overflow="ellipsis", max_width=room)
    for *row, one in zip(*columns.values(), selected, strict=True):
        table.add_row(*row, one_line(one.example.text))
    console.print(table)
