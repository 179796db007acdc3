"""What some forms of an export are made of, which the model or the pool's file is read for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neufs_tui.cli.output import say, tables
from neufs_tui.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.core.records import Decision, Example, ModelIdentity, Task
    from neufs_tui.project.request import ProjectRequest
    from neufs_tui.storage.stored_json import PoolRecord

Files = dict[str, str | bytes]
"""Name → content."""


def readout_folder(
    request: ProjectRequest, decisions: Sequence[Decision], shown: Sequence[Example] = ()
) -> tuple[Files, dict[str, Any], PoolRecord, ModelIdentity]:
    """Make the files that tell the label of a text.

    Args:
        request: the pool and the model.
        decisions: what holds.
        shown: examples of which the files are to tell too which are nearest to a text.

    Returns:
        Name → content, what the manifest is to say of them, the pool as it is now, and the model
        that has read it.
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.exported_readout import readout_files, readout_json, shown_files
    from neufs_tui.engine.needed_model import NeededModel
    from neufs_tui.engine.predicting import learn_readout
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.pool_changes import pool_record

    project = read_project(request)
    config = engine_config(project, CaptureSettings())
    with Narrator(project.notices) as narrator:
        needed = NeededModel(config, narrator)
        learned = learn_readout(config, decisions, shown, needed, narrator)
    if learned is None:
        raise ExportError(
            "no text of the pool has a label, so nothing can be learned", hint="label some of it"
        )
    told = {"readout": readout_json(config, learned)}
    made = readout_files(config, learned) | (shown_files(learned, shown) if shown else {})
    return made, told, pool_record(project.pool), learned.read.model


def retrieval_folder(
    request: ProjectRequest,
    task: Task,
    labelled: Sequence[LabelledExample],
    k: int,
    *,
    by_readout: bool,
) -> tuple[Files, dict[str, Any], PoolRecord]:
    """Make the files that show a text the k examples nearest to it by its words.

    Args:
        request: the pool.
        task: what is asked.
        labelled: what may be shown, in labelling order.
        k: how many a text is shown.
        by_readout: whether a readout beside them finds examples too.

    Returns:
        Name → content, what the manifest is to say of them, and the pool by which terms are
        weighed, as it is now.
    """
    from neufs_tui.export.retrieval.folder import require_enough, retrieval_files, retrieval_json
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.pool_changes import pool_record

    require_enough(k, len(labelled))
    pool = read_project(request).pool
    for notice in pool.notices:
        say(notice)
    texts = [one.text for one in pool.examples]
    told = {"retrieval": retrieval_json(k, len(texts), by_readout=by_readout)}
    return {**retrieval_files(task, labelled, texts, k)}, told, pool_record(pool)


def chosen_set(
    request: ProjectRequest,
    labelled: Sequence[LabelledExample],
    checked: Sequence[LabelledExample],
    *,
    orders_only: bool,
) -> tuple[list[LabelledExample], dict[str, Any]]:
    """Choose among the sets that the labels make, and tell what was compared.

    Returns:
        The set, and what the manifest is to say of it.
    """
    from rich.table import Table

    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.evaluation.choice_tables import COLUMNS, choice_json, rows, sentences
    from neufs_tui.evaluation.choosing_sets import choose_set, require_choosable
    from neufs_tui.evaluation.project_sets import calibration_for
    from neufs_tui.project.project import read_project

    require_choosable([one.answer.text for one in labelled])
    project = read_project(request)
    found = calibration_for(project, labelled, {one.example.id for one in (*labelled, *checked)})
    with Narrator(project.notices, work="reading", unit="prompts") as narrator:
        chosen = choose_set(
            engine_config(project, CaptureSettings()),
            labelled,
            narrator,
            seed=project.selection.seed,
            calibration=None if isinstance(found, str) else found,
            orders_only=orders_only,
        )
    first, *figures = COLUMNS
    table = Table(first, box=None, pad_edge=False)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows(chosen.choice):
        table.add_row(*row)
    tables(err=True).print(table)
    for sentence in sentences(chosen):
        say(sentence)
    return chosen.of(labelled), {"order": chosen.rule.order, "choice": choice_json(chosen)}
