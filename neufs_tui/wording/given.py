"""What has become of labels that were given in another file, in sentences and lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from neufs_tui.core.records import Decision, Example
from neufs_tui.core.text import one_line, plural
from neufs_tui.storage.given_labels import GivenRow, Matched
from neufs_tui.wording.lines import ellipsis

_N_LISTED = 10
"""Lines of a list; the rest are counted."""
_TEXT = 60
"""Cells of a text in a list."""


def taken(found: Matched, *, undo: str) -> str:
    """How many labels were taken, and of which there are how many.

    Args:
        found: what became of them.
        undo: what takes them back.
    """
    name = one_line(found.name)
    if not found.taken:
        return f"nothing to import from {name}"
    counts = Counter(one.text for one in found.taken.values())
    each = ", ".join(f"{one_line(label)} {n:,}" for label, n in counts.most_common())
    of = f"{plural(len(found.taken), 'label')} taken from {name}: {each}"
    return f"{of} — {undo} takes {'it' if len(found.taken) == 1 else 'them all'} back"


def others(found: Matched) -> list[str]:
    """What was not taken, a heading and up to ten lines for each reason."""
    lines = [f"{found.n_same:,} {_have(found.n_same)} that label already"] if found.n_same else []
    lines += _section(
        plural(len(found.differing), "is", "are") + " decided otherwise, which stands:",
        [_differing(*one) for one in found.differing],
    )
    lines += _section(
        plural(len(found.contradicting), "text has", "texts have")
        + " several labels there, and none of them was taken:",
        [_row(one, ", ".join(labels)) for one, labels in found.contradicting],
    )
    lines += _section(
        plural(len(found.strangers), "row has", "rows have")
        + " the id of an example of the pool, but another text:",
        _rows(found.strangers),
    )
    lines += _section(
        plural(len(found.unmatched), "row has", "rows have") + " a text that is not in the pool:",
        _rows(found.unmatched),
    )
    if found.n_other_id:
        rows = plural(found.n_other_id, "row", "rows")
        lines.append(f"{rows} went by the text: the id is that of another example of the pool")
    if found.n_near:
        rows = plural(found.n_near, "row differs", "rows differ")
        lines.append(f"{rows} from the pool's text in white space or Unicode form alone")
    return [*lines, *found.rows_without]


def _section(heading: str, rows: Sequence[str]) -> list[str]:
    """A heading with its lines; nothing where there are none."""
    if not rows:
        return []
    rest = [f"  and {len(rows) - _N_LISTED:,} more"] if len(rows) > _N_LISTED else []
    return [heading, *(f"  {row}" for row in rows[:_N_LISTED]), *rest]


def _rows(rows: Sequence[GivenRow]) -> list[str]:
    return [_row(row.example, row.label) for row in rows]


def _row(example: Example, label: str) -> str:
    return f"{_id(example)}{one_line(label)} · {ellipsis(one_line(example.text), _TEXT)}"


def _differing(example: Example, label: str, decision: Decision) -> str:
    if decision.answer is None:
        now = "skipped"
    elif decision.given:
        now = f"{one_line(decision.answer.text)}, given by {one_line(decision.given)}"
    else:
        now = f"yours is {one_line(decision.answer.text)}"
    return f"#{example.number:,} {one_line(label)} there, {now}"


def _id(example: Example) -> str:
    return "" if example.source_id is None else f"{one_line(str(example.source_id))} · "


def _have(n: int) -> str:
    return "has" if n == 1 else "have"
