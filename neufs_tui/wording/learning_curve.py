"""What the labels have brought, in sentences that claim no more than there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neufs_tui.core.calibration import MIN_LABELS as MIN_CALIBRATING
from neufs_tui.core.calibration import MIN_SAMPLE, Uncalibrated
from neufs_tui.core.check_set import N_DRAWS
from neufs_tui.core.text import one_line, plural
from neufs_tui.statistics.agreement import Agreement
from neufs_tui.statistics.check_set import MIN_CHECKED, CheckFigures, Right
from neufs_tui.statistics.intervals import share_interval
from neufs_tui.statistics.learning_curve import Progress
from neufs_tui.statistics.stability import FEW, Stable, stable
from neufs_tui.statistics.track_record import MIN_LABELS, TrackRecord
from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.sentences import share, share_in
from neufs_tui.wording.standing import alike_in_full, has, helps_in_full

_FEW_ANSWERS, _ALIKE = 5, 0.9
"""Answers below which, and the share of them from which on, their being alike is told."""
_FEW_FORETOLD = 4
"""Labels below which it is not told how they foretell one another."""
_RAW_BECAUSE = {
    Uncalibrated.UNWANTED: " (--no-calibration)",
    Uncalibrated.FEW_LABELS: f": calibrated from {MIN_CALIBRATING} labels on",
    Uncalibrated.FEW_TEXTS: f": to calibrate them takes {MIN_SAMPLE} texts that are not labelled",
    Uncalibrated.MANY_CLASSES: ": of so many classes not all are read to their end",
}
_N_EXPECTED = 4
"""Classes whose expected share is told."""
_EARLIER = 4
"""Earlier figures of the check set told at most."""
_NAME = 24
"""Cells of a file's name in a sentence."""
_RECENT = 5
"""Labels over which the last gains are averaged."""


def suggestion(progress: Progress) -> str:
    """Whether further labels still change anything, as far as was seen."""
    found = stable(progress.changes)
    if found is not None:
        return _enough(found)
    if not progress.rereads:
        return "Nothing is read again (--rescore off), so what a label changes is not seen."
    if not progress.changes:
        return (
            "What the labels change is known once the model has read its answers again behind a "
            "new one."
        )
    last = progress.changes[-1]
    changed = f"The last label changed {last.changed:,} of {plural(last.compared, 'answer')}"
    if share_interval(last.changed, last.compared)[0] > FEW:
        return f"{changed} read again, so more may help."
    return f"{changed} read again; too little is known to call it settled."


def stable_now(found: Stable, *, curve: str = "c") -> str:
    """Said once, when the last labels have changed next to nothing, with the curve's key."""
    return (
        f"the last {found.n_labels} labels changed {found.changed:,} of {found.compared:,} answers "
        f"of the model: {curve} says what that means"
    )


def _enough(found: Stable) -> str:
    return (
        f"The last {found.n_labels} labels changed {found.changed:,} of {found.compared:,} answers "
        f"(at most {found.at_most:.1%} a label): more of the same may change little. "
        "It does not say that the answers are right."
    )


def agreement(progress: Progress) -> str:
    """How often the model's answer was the annotator's, with its interval."""
    now = progress.points[-1].agreement
    looked = ""
    if now.looked:
        looked = f" Not counted: {plural(now.looked, 'label')} given with it in view."
    if now.share is None:
        return f"The model has answered none of your examples before you did.{looked}"
    low, high = now.interval
    return (
        f"{now.agreeing:,} of {plural(now.compared, 'answer')} given before yours "
        f"{'was' if now.compared == 1 else 'were'} the same: "
        f"{share_in(now.share, low, high)}.{looked}"
        f"{_always(progress)}"
    )


def self_agreement(found: Agreement) -> str:
    """How well the annotator agrees with herself, with its interval; empty while not known."""
    if found.share is None:
        return ""
    return (
        f"Asked again, you gave {found.agreeing:,} of {plural(found.compared, 'example')} the same "
        f"label: {share_in(found.share, *found.interval)}. No model can be asked to agree more."
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


def classes(progress: Progress) -> str:
    """What the labels are as a set, and what they lack."""
    return f"{has(progress.standing.n_labels, progress.standing.by_class)}."


def helps(progress: Progress) -> str:
    """Whether they help, and whether the model answers everything alike with them."""
    standing = progress.standing
    one = standing.one_answer
    alike = f" {alike_in_full(one)}" if one is not None else ""
    return f"{helps_in_full(standing.paired, standing.paired_raw)}{alike}"


def calibration(progress: Progress) -> str:
    """What calibrates the model's answers, or why nothing does; empty while that is not known."""
    match progress.calibrated:
        case None:
            return ""
        case Uncalibrated() as why:
            return f"Answers are as the model gives them{_RAW_BECAUSE[why]}."
        case found:
            likely = sorted(found.prior.items(), key=lambda item: -item[1])[:_N_EXPECTED]
            classes = ", ".join(f"{one_line(name)} {share(of)}" for name, of in likely)
            more = ", …" if len(found.prior) > _N_EXPECTED else ""
            return (
                f"Answers are calibrated on {found.n_sample:,} texts of the pool, with the classes "
                f"expected as {plural(found.n_labels, 'label')} have them: {classes}{more}."
            )


def foretold(progress: Progress) -> str:
    """What the labels foretell without a prompt; empty while there are too few of them."""
    known = progress.foretold
    if known is None or known.labels.whole < _FEW_FORETOLD:
        return ""
    by_class = progress.standing.by_class
    most = max(by_class, key=by_class.__getitem__)
    always = share(by_class[most] / max(1, progress.standing.n_labels))
    on_checks = ""
    if known.checks.whole >= MIN_CHECKED:
        on_checks = f" Of {known.checks.whole:,} check examples {with_interval(known.checks)}."
    return (
        f"Without a prompt, by what the model holds of the texts, {known.labels.part:,} of "
        f"{known.labels.whole:,} labels follow from the others: {with_interval(known.labels)}; "
        f"always {one_line(most)} is {always}.{on_checks}"
    )


def coverage(progress: Progress) -> str:
    """What the labelled examples switch on, and what the last ones added."""
    gains = [point.gain for point in progress.points if point.gain is not None]
    if not gains:
        return "No labelled example is scanned yet."
    by, one, many = "", "the last label added", "labels"
    if len(gains) < len(progress.points):
        by = f" by {len(gains):,} of {plural(len(progress.points), 'labelled example')}"
        one, many = "the last of them added", "of them"
    recent = gains[1:][-_RECENT:]
    if not recent:
        return f"{gains[0]:,} neurons switched on{by or ' by the first label'}."
    mean = f"{sum(recent) / len(recent):,.1f}".removesuffix(".0")
    if len(recent) == 1:
        return f"{sum(gains):,} neurons switched on{by}; {one} {mean}."
    last = f"the last {len(recent)} {many} added {mean} each on average"
    return f"{sum(gains):,} neurons switched on{by}; {last}."


def of_your_labels(figures: CheckFigures, n_labels: int) -> str:
    """With which labels the check examples were read.

    Args:
        figures: what came of it.
        n_labels: labels there are now.
    """
    if figures.n_demonstrations == n_labels:
        return f"your {plural(n_labels, 'label')}"
    return f"{figures.n_demonstrations:,} of {plural(n_labels, 'label')}"


def test_name(name: str) -> str:
    """A test file's name, as short as a line needs it."""
    return ellipsis(one_line(name), _NAME)


def checked(n: int, test: str, *, of: int | None = None) -> str:
    """On how many examples figures rest.

    Args:
        n: examples compared.
        test: name of the file that serves in the place of check examples; empty for none.
        of: how many there are, where that may be more.

    >>> checked(12, "", of=13), checked(200, "test.jsonl", of=200)
    ('12 of 13 checked', '200 on test.jsonl')
    """
    n_told = f"{n:,} of {of:,}" if of not in (None, n) else f"{n:,}"
    return f"{n_told} on {test_name(test)}" if test else f"{n_told} checked"


def with_interval(right: Right) -> str:
    """A share with its 95% interval, as short as it can be said.

    >>> with_interval(Right(10, 14))
    '.71 (.45–.88)'
    """
    return share_in(right.share, *right.interval)


def check_lines(progress: Progress) -> list[str]:
    """What the check set says now, and what it said with fewer labels; nothing without one."""
    if not progress.n_checked:
        return []
    newest = progress.checks[-1] if progress.checks else None
    texts = f"texts of {test_name(progress.test)}" if progress.test else "check examples"
    if progress.n_checked < MIN_CHECKED or (newest is not None and not newest.tells):
        n_checked = progress.n_checked if newest is None else newest.n_checked
        few = (
            checked(n_checked, progress.test) if progress.test else f"{n_checked:,} checked so far"
        )
        return [f"{few}, too few to tell: known from {MIN_CHECKED} on."]
    if newest is None:
        return [f"The model has still to read the {progress.n_checked:,} {texts}."]
    n_labels = len(progress.points)
    lines = [_now(newest, n_labels, texts)]
    if newest.raw is not None:
        is_same = replace(newest, raw=None) == replace(newest.raw, halves=None, n_half=0)
        told = "the same" if is_same else _right(newest.raw, n_labels)
        lines[0] += f" Uncalibrated, {told}."
    lines += _halves([one.raw or one for one in progress.checks], newest.raw or newest)
    lines += _not_counted(newest, progress)
    earlier = [one for one in progress.checks[:-1] if one.tells and one.with_labels is not None]
    if earlier and newest.with_labels is not None:
        shown = earlier[:: max(1, -(-len(earlier) // _EARLIER))]
        lines.append(f"Before, {'; '.join(map(_then, shown))}.")
    return lines


def _right(figures: CheckFigures, n_labels: int) -> str:
    without = f"right without labels {with_interval(figures.without)}"
    if figures.with_labels is None:
        return without
    labels = of_your_labels(figures, n_labels)
    return (
        f"right with {labels} {with_interval(figures.with_labels)}, {without}: "
        f"{figures.gained:,} better, {figures.lost:,} worse"
    )


def _now(figures: CheckFigures, n_labels: int, texts: str) -> str:
    return f"Of {figures.n_checked:,} {texts}, {_right(figures, n_labels)}."


def _then(figures: CheckFigures) -> str:
    assert figures.with_labels is not None  # whoever asks has made sure
    labels = plural(figures.n_labels, "label")
    return f"with {labels} {with_interval(figures.with_labels)} of {figures.n_checked:,}"


def _halves(known: Sequence[CheckFigures], newest: CheckFigures) -> list[str]:
    """What random halves of the labels do, by the newest reading behind such."""
    last = next((one for one in reversed(known) if one.halves is not None and one.tells), None)
    if last is None or last.halves is None:
        return []
    them = "them" if last is newest else plural(last.n_labels, "label")
    of_each = f"{last.n_half:,} each, the mean of {N_DRAWS} draws"
    return [f"With random halves of {them} {with_interval(last.halves)}: {of_each}."]


def _not_counted(figures: CheckFigures, progress: Progress) -> list[str]:
    n_others = progress.n_checked - figures.n_checked
    if not n_others:
        return []
    if progress.test:
        return [f"{plural(n_others, 'text')} of it not read before another label came."]
    return [
        f"Not counted: {plural(n_others, 'check example')} not read yet, or labelled with the "
        "model's answer in view."
    ]


def too_little(record: TrackRecord) -> str:
    """Why nothing is said of the difficulty signals yet."""
    if record.n_compared < MIN_LABELS:
        return (
            f"Known once {MIN_LABELS} examples that a strategy chose are labelled; "
            f"there are {record.n_compared:,}."
        )
    side = "wrong" if record.n_wrong else "right"
    return f"All {record.n_compared:,} answers were {side}, so there is nothing to tell apart."
