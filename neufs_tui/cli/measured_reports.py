"""What `evaluate` measures: the sets, the tests and what is learned, from its options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neufs_tui.cli.narrator import Narrator
from neufs_tui.cli.options import project_request
from neufs_tui.cli.output import say
from neufs_tui.core.settings import NO_ADAPTER, CaptureSettings
from neufs_tui.engine.configure import engine_config
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.errors import UsageError
from neufs_tui.evaluation.classifiers import by_sentences, learned_sets, readouts
from neufs_tui.evaluation.few_shot_sets import (
    WITHOUT,
    exported_set,
    nearest_by_readout,
    nearest_set,
    random_sets,
)
from neufs_tui.evaluation.gold_test import check_test, read_gold_test
from neufs_tui.evaluation.project_sets import calibration_for, her_set
from neufs_tui.evaluation.report import Report, make_report
from neufs_tui.evaluation.variants import variants
from neufs_tui.project.project import read_project
from neufs_tui.storage.session import Session

if TYPE_CHECKING:
    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.core.records import Decision


def measured_reports(options: dict[str, Any]) -> list[Report]:
    """Read and measure.

    Args:
        options: of the command.

    Returns:
        A report for each model and prompt.

    Raises:
        UsageError: several models were named, and an adapter beside them.
    """
    if options["adapter"] not in (None, NO_ADAPTER) and len(options["models"]) > 1:
        raise UsageError(
            "--adapter belongs to one model, and several are named",
            hint="name the adapter's own folder with --model beside them",
        )
    first_model = next(iter(options["models"]), None)
    request = project_request(options | {"model": first_model})
    project = read_project(request)
    task = project.require_task()
    decisions: tuple[Decision, ...] = ()
    labelled: tuple[LabelledExample, ...] = ()
    checked: tuple[LabelledExample, ...] = ()
    if project.session_path.exists():
        with Session.open(project.session_path, write=False) as session:
            labelled, checked = session.decided(), session.checked()
            decisions = session.decisions()
    sets, hers = [WITHOUT], her_set(labelled)
    if labelled:
        k = options["k"] or len(labelled) // 2
        seed = project.selection.seed
        others = random_sets(hers.draws[0], k, n_draws=options["draws"], seed=seed)
        sets += [hers, *([others] if others else [])]
    drawn = sets[1:]
    pool = [one.text for one in project.pool.examples]
    retrievals = [*dict.fromkeys(options["retrievals"])]
    sets += [nearest_set(hers.draws[0], k, pool) for k in retrievals]
    sets += [exported_set(Path(one), task) for one in options["exports"]]
    if len(sets) == 1:
        say("nothing is labelled yet: only the model without demonstrations is measured")
    shown = frozenset().union(*(one.texts for one in sets))
    tests = [
        read_gold_test(one, task, field=options["gold"], encoding=request.encoding, shown=shown)
        for one in options["tests"]
    ] or [check_test(checked, task)]
    left_out = {example.id for test in tests for example in test.texts}
    left_out |= {one.id for one in project.pool.examples if one.text in shown}
    calibration = None
    if not options["no_calibration"]:
        found = calibration_for(project, labelled, left_out)
        if isinstance(found, str):
            say(found)
        else:
            calibration = found
            say(f"calibrated {found.basis}")
    classifiers = []
    if options["encoder"] and drawn:
        from neufs_tui.model.sentence_encoder import sentence_encoder

        encode = sentence_encoder(replace(project.model, name=options["encoder"]))
        classifiers = by_sentences(encode, drawn, task.label_names)
    texts = [text for test in tests for text in test.texts]
    texts += [one.example for one in labelled]
    sample = calibration.sample if calibration is not None else ()
    compared = variants(project, options["models"], options["configs"])
    notices = [f"{test.name}: {one}" for test in tests for one in test.notices]
    reports = []
    with Narrator([*project.notices, *notices], work="reading", unit="prompts") as narrator:
        for one in compared:
            if len(compared) > 1:
                narrator.say(f"{one.name}:")
            config = engine_config(one.project, CaptureSettings())
            needed = NeededModel(config, narrator)
            learned, by_readout = [], []
            if options["readout"] and drawn:
                taught = learned_sets(config, decisions, drawn, texts, needed, narrator)
                learned = readouts(drawn, taught)
                by_readout = [
                    nearest_by_readout(hers.draws[0], k, taught[0][0], [*texts, *sample])
                    for k in retrievals
                    if taught[0]
                ]
                if not learned:
                    narrator.say("no labelled text is in the pool to learn a readout from")
            reports.append(
                make_report(
                    config,
                    [*sets, *by_readout],
                    tests,
                    narrator,
                    name=one.name,
                    calibration=calibration,
                    by_sum=options["score"] == "sum",
                    classifiers=[*learned, *classifiers],
                    needed=needed,
                )
            )
    return reports
