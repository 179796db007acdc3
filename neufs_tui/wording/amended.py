"""What answers the keys that take back, change, flag, note and offer again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    Mark,
    MarkKind,
)
from neufs_tui.core.text import one_line, plural

if TYPE_CHECKING:
    from neufs_tui.storage.session import Session


def undone(example: Example | None, done: Decision | Mark, n: int = 1, *, redo: str = "r") -> str:
    """What undo has done, with the key that does it again.

    Args:
        example: the one that it was done to; None when it is no longer in the pool.
        done: the last that was taken back.
        n: how many were, more than one of a page.
        redo: the key.
    """
    return f"undone: {_what(example, done, n)} — {redo} redoes"


def redone(example: Example | None, done: Decision | Mark, n: int = 1, *, undo: str = "u") -> str:
    """What redo has done, with the key that takes it back; as `undone`."""
    return f"redone: {_what(example, done, n)} — {undo} undoes"


def flagged(example: Example, *, is_flagged: bool, undo: str = "u") -> str:
    """What the key that flags has done.

    Args:
        example: the one it was pressed on.
        is_flagged: whether it is flagged now.
        undo: the key that takes it back.
    """
    if is_flagged:
        return f"flagged #{example.number:,}: out of prompts and exports — {undo} undoes"
    return f"#{example.number:,} is no longer flagged — {undo} undoes"


def marked(session: Session, example_id: ExampleId) -> tuple[str, ...]:
    """What an example is marked with, each in a few words."""
    note = session.notes().get(example_id)
    flags = ("flagged",) if example_id in session.flagged() else ()
    return (*flags, f"note: {one_line(note)}") if note else flags


def noted(example: Example, note: str, *, undo: str = "u") -> str:
    """What a note has done; an empty one takes the note away."""
    done = f"noted on #{example.number:,}" if note.strip() else f"no note on #{example.number:,}"
    return f"{done} — {undo} undoes"


def changed(
    made: Sequence[Decision], answer: Answer | None, *, n_asked: int, undo: str = "u"
) -> str:
    """What giving decided examples another answer has done.

    Args:
        made: the decisions that were changed.
        answer: what they are from here on; None for skipped.
        n_asked: examples that were to be changed.
        undo: the key that takes it back.
    """
    now = one_line(answer.text) if answer is not None else "skipped"
    parts = [f"{plural(len(made), 'answer')} changed to {now}" if made else "nothing changed"]
    if n_same := n_asked - len(made):
        parts.append(f"{n_same:,} was so already" if n_same == 1 else f"{n_same:,} were so already")
    return f"{'; '.join(parts)}{f' — {undo} undoes' if made else ''}"


def offered(n: int, *, undo: str = "u") -> str:
    """What offering skipped examples again has done."""
    if not n:
        return "nothing is skipped"
    return f"{plural(n, 'skipped example')} offered again — {undo} undoes"


def _what(example: Example | None, done: Decision | Mark, n: int) -> str:
    if n > 1:
        return _page(done, n)
    where = f"#{example.number:,}" if example else "a row that is no longer in the pool"
    match done:
        case Mark(kind=MarkKind.OFFER):
            return f"offer of {where}, which was skipped"
        case Mark(kind=MarkKind.AGAIN):
            return f"the second answer to {where}"
        case Mark(kind=MarkKind.NOTE):
            return f"note on {where}"
        case Mark():
            return f"{done.kind} on {where}"
        case Decision(answer=None):
            return f"skip of {where}"
        case Decision(kind=DecisionKind.ACCEPT, answer=Answer() as answer):
            return f"suggestion of {one_line(answer.text)} for {where}"
        case Decision(answer=Answer() as answer):
            return f"{one_line(answer.text)} on {where}"
    raise AssertionError(done)


def _page(done: Decision | Mark, n: int) -> str:
    if isinstance(done, Mark):
        return f"offer of {n:,} skipped examples"
    if done.given:
        return f"{n:,} labels given by {one_line(done.given)}"
    return f"{n:,} answers given at once"
