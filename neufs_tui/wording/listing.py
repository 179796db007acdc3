"""The list of all examples in words: what stands in a row, over the rows and under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neufs_tui.core.records import DecisionKind
from neufs_tui.core.text import one_line, plural
from neufs_tui.labelling.listing import ListedExample
from neufs_tui.statistics.pace import IDLE_AFTER_S

HEADINGS = ("", "you", "model", "sec", "", "text")
"""Of the columns of a row."""


def cells(listed: ListedExample) -> tuple[str, str, str, str, str, str]:
    """A row: number, answer, the model's answer, seconds, signs, text.

    Of more than a minute only that is told: she is taken to have done something else. The model's
    answer is there once she has answered, with a sign where it is another. The signs are the keys
    of flag and note, `c` for a check example and `g` for a label that was given elsewhere.
    """
    decision, known = listed.decision, listed.labelled
    answer = one_line(decision.answer.text) if decision and decision.answer else ""
    if decision is not None:
        special = {DecisionKind.SKIP: "skipped", DecisionKind.ACCEPT: f"({answer})"}
        answer = special.get(decision.kind, answer)
    model, seconds = "", ""
    if known is not None and known.pick is not None and known.pick.answer is not None:
        model = f"{'≠' if listed.disagrees else ' '} {one_line(known.pick.answer)}"
    if known is not None and known.seconds is not None:
        is_idle = known.seconds > IDLE_AFTER_S
        seconds = f"{IDLE_AFTER_S:.0f}+" if is_idle else f"{known.seconds:.0f}"
    signs = "".join(
        sign
        for sign, is_so in (
            ("f", listed.flagged),
            ("n", bool(listed.note)),
            ("c", decision is not None and decision.check),
            ("g", decision is not None and bool(decision.given)),
        )
        if is_so
    )
    number = f"#{listed.example.number:,}"
    return number, answer, model, seconds, signs, one_line(listed.example.text)


def given_by(name: str) -> str:
    """Where a label was given: a file, or a field of the pool."""
    return f"given by {one_line(name)}"


def found(n: int, n_all: int, n_marked: int, n_hidden: int = 0) -> str:
    """How many examples are listed, and marked, some of which are not listed now."""
    listed = f"{n:,} of {n_all:,}" if n != n_all else plural(n, "example")
    if not n_marked:
        return listed
    hidden = f" ({n_hidden:,} not listed)" if n_hidden else ""
    return f"{n_marked:,} marked{hidden} · {listed}"


def no_such_label(names: Sequence[str]) -> str:
    """What is said of labels that are asked for and that nothing has."""
    return f"no label begins with {', '.join(map(repr, names))}"


def filters(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The filters that find something, each with how many, then the others that there are."""
    return (*(f"{name} {n:,}" for name, n in counts.items()), "label: model: unsure")


def bulk_question(n: int, by_answer: Mapping[str, int], n_left_out: int, n_hidden: int = 0) -> str:
    """What is asked before many answers are changed at once.

    Args:
        n: examples that have an answer.
        by_answer: how many of them have which.
        n_left_out: marked ones that have none, and stay as they are.
        n_hidden: those of the first that are not listed at the moment.
    """
    now = ", ".join(f"{count:,} {one_line(name)}" for name, count in by_answer.items())
    hidden = f", {n_hidden:,} not listed now" if n_hidden else ""
    rest = f"; {n_left_out:,} without one stay so" if n_left_out else ""
    return f"change {plural(n, 'answer')} ({now}{hidden}) to which label?{rest}"


def facts(listed: ListedExample, n_pool: int) -> Sequence[str]:
    """What is known of one example that was opened from the list."""
    number, answer, model, seconds, _, _ = cells(listed)
    given = listed.decision.given if listed.decision is not None else ""
    return (
        f"{number} of {n_pool:,}",
        f"{given_by(given) if given else 'you'}: {answer}" if answer else "not decided",
        *([f"second time: {one_line(listed.second.text)}"] if listed.second else []),
        *([f"model: {model[2:]}"] if model else []),
        *([f"{seconds} s"] if seconds else []),
        *(["check example"] if listed.decision is not None and listed.decision.check else []),
    )
