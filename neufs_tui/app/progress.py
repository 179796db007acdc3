"""What the labels have brought, in sentences that claim no more than there is."""

from __future__ import annotations

from textual.content import Content

from neufs_tui.app.reasons import SIGNAL_NAMES
from neufs_tui.app.sentences import plural, share
from neufs_tui.core.settings import SIGNALS
from neufs_tui.core.text import one_line
from neufs_tui.statistics.auroc import Auroc
from neufs_tui.statistics.learning_curve import Progress
from neufs_tui.statistics.stability import FEW, Stable, share_interval, stable
from neufs_tui.statistics.track_record import MIN_LABELS, TrackRecord

Parts = list[Content | str | tuple[str, str]]

_HEADING = "bold $text"
_QUIET = "$foreground-muted"
_FEW_ANSWERS, _ALIKE = 5, 0.9
"""Answers below which, and the share of them from which on, their being alike is told."""
_RECENT = 5
"""Labels over which the last gains are averaged."""


def summary(progress: Progress) -> Content:
    """Agreement, classes, coverage, and whether to go on."""
    parts: Parts = [("Learning curve\n", _HEADING)]
    if not progress.points:
        return Content.assemble(*parts, "Nothing is labelled yet.\n")
    for line in (_agreement(progress), _classes(progress), _coverage(progress)):
        parts += [line, "\n"]
    parts.append((suggestion(progress), "bold $accent"))
    return Content.assemble(*parts)


def signals(progress: Progress) -> Content:
    """How well each difficulty signal told right answers from wrong ones."""
    record = progress.record
    parts: Parts = [("Does difficulty tell where the model is wrong?\n", _HEADING)]
    if not record.areas:
        parts.append(f"{_too_little(record)}\n")
    for signal in SIGNALS if record.areas else ():
        parts.append(_line(SIGNAL_NAMES[signal], record.areas[signal]))
    if record.areas:
        parts.append(
            (
                f"Chance that a wrong answer is harder than a right one, by {record.n_wrong:,} "
                f"wrong and {record.n_right:,} right that NeuFS chose; "
                ".50 is none. 95% intervals.\n",
                _QUIET,
            )
        )
    followed = ", which has done best on your labels" if progress.follows else ""
    if progress.follows and record.best() is None:
        followed = " until one has done better than chance on your labels"
    parts.append(f"Examples are chosen by {SIGNAL_NAMES[progress.signal]}{followed}.\n")
    return Content.assemble(*parts)


def suggestion(progress: Progress) -> str:
    """Whether further labels still change anything, as far as was seen."""
    found = stable(progress.changes)
    if found is not None:
        return _enough(found)
    if not progress.rereads:
        return "Nothing is read again (--rescore off), so what a label changes is not seen."
    if not progress.changes:
        return "What a label changes in the model's answers was not seen yet since the start."
    last = progress.changes[-1]
    changed = f"The last label changed {last.changed:,} of {plural(last.compared, 'answer')}"
    if share_interval(last.changed, last.compared)[0] > FEW:
        return f"{changed} read again, so more may help."
    return f"{changed} read again; too little is known to call it settled."


def stable_now(found: Stable) -> str:
    """Said once, when the last labels have changed next to nothing."""
    return (
        f"the last {found.n_labels} labels changed {found.changed:,} of {found.compared:,} answers "
        "of the model: c says what that means"
    )


def _enough(found: Stable) -> str:
    return (
        f"The last {found.n_labels} labels changed {found.changed:,} of {found.compared:,} answers "
        f"(at most {found.at_most:.1%} a label): more of the same may change little. "
        "It does not say that the answers are right."
    )


def _agreement(progress: Progress) -> str:
    last = progress.points[-1]
    looked = ""
    if progress.n_looked:
        looked = f" Not counted: {plural(progress.n_looked, 'label')} given with it in view."
    if last.share is None:
        return f"The model has answered none of your examples before you did.{looked}"
    return (
        f"{last.agreeing:,} of {plural(last.compared, 'answer')} given before yours "
        f"{'was' if last.compared == 1 else 'were'} the same: "
        f"{share(last.share)} ({share(last.low)} to {share(last.high)}).{looked}"
        f"{_always(progress)}"
    )


def _always(progress: Progress) -> str:
    """Said when it answers next to everything alike, which the agreement alone would hide."""
    if not progress.answers:
        return ""
    answer, n_times = max(progress.answers.items(), key=lambda item: item[1])
    n_answers = sum(progress.answers.values())
    if n_answers < _FEW_ANSWERS or n_times < _ALIKE * n_answers:
        return ""
    return f" It answered {one_line(answer)} {n_times:,} of {n_answers:,} times."


def _classes(progress: Progress) -> str:
    last = progress.points[-1]
    return f"{last.n_classes:,} of {plural(progress.n_classes, 'class', 'classes')} labelled."


def _coverage(progress: Progress) -> str:
    gains = [point.gain for point in progress.points if point.gain is not None]
    if not gains:
        return "No labelled example is scanned yet."
    by, one, many = "", "the last label", "labels"
    if len(gains) < len(progress.points):
        by = f" by {len(gains):,} of {plural(len(progress.points), 'labelled example')}"
        one, many = "the last of them", "of them"
    recent = gains[1:][-_RECENT:]
    if not recent:
        return f"{gains[0]:,} neurons switched on{by or ' by the first label'}."
    mean = f"{sum(recent) / len(recent):,.1f}".removesuffix(".0")
    last = one if len(recent) == 1 else f"the last {len(recent)} {many}"
    return f"{sum(gains):,} neurons switched on{by}; {last} added {mean} on average."


def _too_little(record: TrackRecord) -> str:
    if record.n_compared < MIN_LABELS:
        return (
            f"Known once {MIN_LABELS} examples that NeuFS chose are labelled; "
            f"there are {record.n_compared:,}."
        )
    side = "wrong" if record.n_wrong else "right"
    return f"All {record.n_compared:,} answers were {side}, so there is nothing to tell apart."


def _line(name: str, area: Auroc) -> Content:
    verdict = "tells nothing for sure"
    if area.low > 0.5:
        verdict = "better than chance"
    elif area.high < 0.5:
        verdict = "the wrong way round"
    numbers = f"{share(area.value)}  ({share(area.low)} to {share(area.high)})"
    return Content.assemble(f"{name:<22}", (numbers, "bold"), (f"  {verdict}\n", _QUIET))
