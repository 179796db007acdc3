"""How far all is: labels and what is left, how far the model has read, what was chosen with."""

from __future__ import annotations

from dataclasses import dataclass

from neufs_tui.core.counts import Counts
from neufs_tui.core.records import Pick
from neufs_tui.core.text import plural
from neufs_tui.engine.protocol import Rescored, ScanProgressed
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.progress import n_checked, newest_check
from neufs_tui.statistics.check_set import MIN_CHECKED, CheckFigures
from neufs_tui.statistics.pace import pace
from neufs_tui.wording.learning_curve import checked, of_your_labels, with_interval
from neufs_tui.wording.sentences import share


@dataclass(frozen=True, slots=True)
class StatusLines:
    """How far the annotator is, and, on a line at the bottom, whether it helps or what is done."""

    progress: tuple[str, ...] = ()
    """The most important first."""
    work: tuple[str, ...] = ()
    """The most important first."""
    note: str = ""
    """Whether the engine is there; else what the example was chosen with."""


READING = StatusLines(work=("reading the pool",))
"""Until the pool is read."""


def status_lines(loop: LabellingLoop, *, loading: str = "") -> StatusLines:
    """Where the annotator is, how far the engine is, and how fresh the choice is.

    Args:
        loop: where the annotator is.
        loading: the part of the engine's start that is under way, said while nothing is scanned.
    """
    shown, engine, n_labels = loop.shown, loop.engine, loop.counts.shots_here
    scan = engine.scan
    at_work = engine.state in (EngineState.RUNNING, EngineState.LOADING)
    done = scan is not None and scan.done == scan.total
    work = work_parts(scan, engine.rescored, n_labels) if scan and (at_work or done) else ()
    figures = newest_check(loop)
    if done or (scan is None and figures is not None):
        test = loop.workspace.test.name if loop.workspace.test is not None else ""
        work = check_parts(n_checked(loop), loop.counts.n_labels, figures, test=test) or work
    note = engine_note(engine.state)
    if not note and shown and loop.tells_why:
        note = freshness(shown.pick, n_labels)
    shots = loop.workspace.selection.shots
    wanted, left, *others = count_parts(loop.counts, shots)
    to_go = time_to_go(
        shots - loop.counts.n_labels,
        pace(one.seconds for one in loop.position.labelled),
    )
    work = work or ((loading,) if loading and engine.state is EngineState.LOADING else ())
    progress = (wanted, *filter(None, [to_go]), left)
    return StatusLines(progress=progress, work=(*work, *others), note=note)


def count_parts(counts: Counts, shots: int) -> tuple[str, ...]:
    """How many labels there are of those wanted, and what is left; the most important part first.

    Args:
        counts: where the annotator is.
        shots: labels wanted.
    """
    wanted = f"{counts.n_labels:,} of {plural(shots, 'label')}"
    if counts.n_labels > shots:
        wanted = f"{plural(counts.n_labels, 'label')}, {shots:,} wanted"
    parts = [
        wanted,
        f"{counts.left:,} left",
        *([f"{counts.skipped:,} skipped"] if counts.skipped else []),
        *([f"{counts.flagged:,} flagged"] if counts.flagged else []),
        *([f"{counts.accepted:,} accepted"] if counts.accepted else []),
        *([f"{counts.given:,} given elsewhere"] if counts.given else []),
    ]
    if counts.labels_elsewhere:
        parts.append(f"{plural(counts.labels_elsewhere, 'label')} on removed rows")
    return tuple(parts)


def time_to_go(n_wanted: int, each_s: float | None) -> str:
    """How long the labels that are still wanted take at her pace; empty where that is not known.

    >>> time_to_go(14, 9.0), time_to_go(0, 9.0), time_to_go(14, None)
    ('about 3 min', '', '')
    """
    if n_wanted <= 0 or each_s is None:
        return ""
    return f"about {duration(n_wanted * each_s)}"


def scan_parts(scan: ScanProgressed) -> tuple[str, ...]:
    """How far the model has read the pool; the most important part first."""
    if scan.done >= scan.total:
        parts = [f"the model has read all {scan.total:,}"]
    else:
        parts = [f"the model has read {scan.done:,} of {scan.total:,}"]
        if scan.remaining_s is not None:
            parts.append(f"{duration(scan.remaining_s)} to go")
        if scan.rate > 0:
            parts.append(rate(scan.rate))
    if scan.truncated:
        parts.append(f"{plural(scan.truncated, 'text')} cut to fit")
    return tuple(parts)


def asking(
    scan: ScanProgressed | None, *, is_unread: bool, what: str = "Asking the model …"
) -> str:
    """What is said while the model's answer to a question about an example is on its way.

    Args:
        scan: how far the scan is; None when that is not known.
        is_unread: the engine has said that the example is not scanned yet.
        what: what the model is asked.
    """
    if is_unread:
        read = f"; it has read {scan.done:,} of {scan.total:,}" if scan is not None else ""
        return f"The model has not read this example yet{read}."
    if scan is None or scan.done >= scan.total:
        return what
    return f"{what} it is reading the pool first ({scan.done:,} of {scan.total:,})"


def work_parts(scan: ScanProgressed, rescored: Rescored | None, n_labels: int) -> tuple[str, ...]:
    """What the engine has done: the scan, and how fresh the answers are, in short while it runs.

    Args:
        scan: how far the scan is.
        rescored: how far rereading is, with labels that all hold; None when that is not known.
        n_labels: labelled examples of this pool.
    """
    parts = scan_parts(scan)
    if rescored is None or not n_labels or not rescored.total:
        return parts
    with_labels = f"again with {rescored.n_demonstrations:,} of {plural(n_labels, 'label')}"
    if rescored.n_demonstrations == n_labels:
        with_labels = f"again with {plural(n_labels, 'label')}"
    if scan.done < scan.total:
        return (*parts[:2], f"{rescored.done:,} {with_labels}", *parts[2:])
    return (f"read {with_labels}: {rescored.done:,} of {rescored.total:,}", *parts[1:])


def check_parts(
    n_checked: int, n_labels: int, figures: CheckFigures | None, *, test: str = ""
) -> tuple[str, ...]:
    """What the check set says, its most important part first; nothing before it has begun.

    Args:
        n_checked: check examples that are labelled, or texts of the test.
        n_labels: labels there are, those of check examples aside.
        figures: the newest; None while none are read.
        test: name of the file that serves in the place of check examples; empty for none.
    """
    if not n_checked:
        return ()
    if n_checked < MIN_CHECKED:
        few = checked(n_checked, test) if test else f"{n_checked:,} checked so far"
        return (f"{few}, too few to tell",)
    if figures is None:
        return ()
    of = checked(figures.n_checked, test, of=n_checked)
    if not figures.tells:
        return (f"{of}, too few to tell",)
    with_labels = figures.with_labels
    if with_labels is None:
        return (f"without labels {with_interval(figures.without)}", of)
    whose = of_your_labels(figures, n_labels)
    if test:  # its name takes the room
        whose = whose.removeprefix("your ")
    return (
        f"with {whose} {with_interval(with_labels)}",
        f"without {share(figures.without.share)}",
        of,
    )


def freshness(pick: Pick | None, n_labels: int) -> str:
    """How much of what the annotator said the example on the screen was chosen with.

    What is counted is the labels that it does not know: of those it knows there may be fewer than
    of the example before it, without an undo.

    Args:
        pick: what chose it.
        n_labels: labelled examples of this pool.
    """
    if pick is None or not pick.is_ranked:
        return "not chosen" if pick is None or pick.reason is None else "drawn at random"
    n_later = n_labels - pick.n_labelled - pick.n_unscanned
    if n_later < 0:
        return "chosen before the undo"
    if n_later:
        return f"chosen {plural(n_later, 'label')} ago"
    if pick.n_unscanned:
        return f"chosen without {plural(pick.n_unscanned, 'label')}"
    return f"chosen with {plural(n_labels, 'label')}" if n_labels else ""


def engine_note(state: EngineState) -> str:
    """What is added to the freshness while the engine is not at work."""
    return {
        EngineState.LOADING: "model loading",
        EngineState.RUNNING: "",
        EngineState.RESTARTING: "engine restarting",
        EngineState.GONE: "engine off",
    }[state]


def rate(per_second: float) -> str:
    """Examples a second, or a minute where that reads better."""
    if per_second >= 10:
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.1f}/min"


def duration(seconds: float) -> str:
    """Time left, in one unit, or in two above an hour.

    >>> duration(8.2), duration(130), duration(8_100)
    ('9 s', '3 min', '2 h 15 min')
    """
    whole = -int(-seconds // 1)
    if whole < 60:
        return f"{whole} s"
    minutes = -(-whole // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
