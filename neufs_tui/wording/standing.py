"""What a few-shot set has and lacks, and whether it helps, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neufs_tui.core.text import one_line, plural
from neufs_tui.statistics.one_answer import OneAnswer
from neufs_tui.statistics.paired import Paired, Verdict
from neufs_tui.statistics.standing import Standing
from neufs_tui.wording.lines import ellipsis

_MOST_NAMED = 4
"""Classes that are named; where more are lacking they are counted."""
_NAME = 24
"""Cells of a name in a sentence."""
_VERDICTS = {
    Verdict.HELP: "they help",
    Verdict.HARM: "they do harm",
    Verdict.NO_DIFFERENCE: "no clear difference",
    Verdict.TOO_FEW: "too few to tell",
}


def seen(by_class: Mapping[str, int]) -> str:
    """How many classes have a label, where some have none; empty while none has, or once all do.

    >>> seen({"ham": 15, "spam": 0})
    '1 of 2 classes seen'
    """
    n_seen = sum(n > 0 for n in by_class.values())
    if n_seen in (0, len(by_class)):
        return ""
    return f"{n_seen:,} of {plural(len(by_class), 'class', 'classes')} seen"


def lacking(by_class: Mapping[str, int]) -> str:
    """Which classes have no example, or one; empty when all have more.

    >>> lacking({"ham": 14, "spam": 1, "smishing": 0})
    'spam has 1 and smishing none'
    """
    single = [name for name, n in by_class.items() if n == 1]
    none = [name for name, n in by_class.items() if n == 0]
    if _is_named(by_class):
        subjects = [_listed(single), _listed(none)]
    elif single:
        subjects = [f"{len(single):,} of {len(by_class):,} classes", f"{len(none):,}"]
    else:
        subjects = ["", f"{len(none):,} of {len(by_class):,} classes"]
    if not single:
        return f"{subjects[1]} {_have(none)} none" if none else ""
    between = " and" if len(single) == len(none) == 1 else ","
    without = f"{between} {subjects[1]} none" if none else ""
    each = " each" if len(single) > 1 else ""
    return f"{subjects[0]} {_have(single)} 1{each}{without}"


def has(n_labels: int, by_class: Mapping[str, int]) -> str:
    """What a set has, and what it lacks.

    >>> has(16, {"ham": 15, "spam": 1}), has(16, {"ham": 9, "spam": 7})
    ('16 labelled, but spam has 1', '16 labelled, 7 or more of each class')
    """
    if lacks := lacking(by_class):
        return f"{n_labels:,} labelled, but {lacks}"
    each = f", {min(by_class.values()):,} or more of each class" if len(by_class) > 1 else ""
    return f"{n_labels:,} labelled{each}"


def finish(standing: Standing) -> str:
    """What the set has and lacks, and whether it helps, as short as that can be said."""
    parts = [has(standing.n_labels, standing.by_class)]
    if (one := _told(standing)) is not None:
        parts.append(_alike(one))
    if one is None or one.separates:
        # of a model that tells nothing apart there is nothing more to say in this place
        parts.append(helps(standing.paired))
    return ". ".join(parts) + "."


def gist(standing: Standing) -> object:
    """What of `finish` is worth being said anew when it changes: not the numbers."""
    one = _told(standing)
    lacks: object = lacking(standing.by_class)
    if lacks and not _is_named(standing.by_class):
        lacks = True
    verdict = standing.paired.verdict if one is None or one.separates else None
    return lacks, verdict, one and (one.answer, one.separates)


def helps(paired: Paired) -> str:
    """Whether the labels help, on the examples that were chosen."""
    if paired.verdict is Verdict.UNKNOWN:
        return "Whether labels help is not known"
    return (
        f"On chosen examples right {paired.with_labels:,} of {paired.compared:,} with labels, "
        f"{paired.without_labels:,} without: {_VERDICTS[paired.verdict]}"
    )


def helps_in_full(paired: Paired, raw: Paired | None = None) -> str:
    """The same with what it rests on.

    Args:
        paired: by the answers that were shown.
        raw: by the answers before they were calibrated; None where none was.
    """
    if paired.verdict is Verdict.UNKNOWN:
        return (
            "Whether labels help is known once the model has answered examples with labels in its "
            "prompt before you do."
        )
    return (
        f"{helps(paired)}. The same examples, read before your answer with the labels there were "
        f"and by the scan without any: {paired.gained:,} turned right, {paired.lost:,} wrong."
        f"{_uncalibrated(paired, raw) if raw is not None else ''}"
    )


def alike_in_full(one: OneAnswer) -> str:
    """What a model does that answers nearly everything alike, with what it rests on."""
    missed = ""
    if one.n_otherwise:
        missed = f", and to {one.n_missed:,} of {one.n_otherwise:,} that you labelled otherwise"
    return f"With labels the model answers {_to_all(one)}{missed}{_advice(one)}."


def _uncalibrated(paired: Paired, raw: Paired) -> str:
    """What of a gain is not calibration's."""
    if raw == paired:
        return " Uncalibrated, the same."
    return (
        f" Uncalibrated, right {raw.with_labels:,} of {raw.compared:,} with labels, "
        f"{raw.without_labels:,} without."
    )


def _told(standing: Standing) -> OneAnswer | None:
    """That it answers all alike, where that is the model's fault or may be the set's."""
    one = standing.one_answer
    return one if one and (not one.separates or lacking(standing.by_class)) else None


def _alike(one: OneAnswer) -> str:
    return f"The model answers {_to_all(one)}{_advice(one)}"


def _to_all(one: OneAnswer) -> str:
    return f"{_short(one.answer)} to {one.n_times:,} of {one.n_answers:,}"


def _advice(one: OneAnswer) -> str:
    return "" if one.separates else ": this model does not separate these classes; try a larger one"


def _is_named(by_class: Mapping[str, int]) -> bool:
    return sum(n < 2 for n in by_class.values()) <= _MOST_NAMED


def _listed(names: Sequence[str]) -> str:
    """Names in a row.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    short = [_short(name) for name in names]
    return " and ".join(filter(None, [", ".join(short[:-1]), *short[-1:]]))


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _short(name: str) -> str:
    return ellipsis(one_line(name), _NAME)
