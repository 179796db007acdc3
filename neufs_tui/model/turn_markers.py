"""Turn markers that are plain text to the tokenizer, and the texts that hold one.

A control token in a text can be encoded as text; `[INST]` or `User:` as a template writes them
cannot be told from the same characters in a text, so all that can be done is to say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from neufs_tui.core.text import plural
from neufs_tui.model.chat_template import Roles
from neufs_tui.model.frame import Frame
from neufs_tui.model.text_encoding import TextEncoder

_TAG = re.compile(r"[<\[]+[^\s<>\[\]]{1,24}[>\]]+")
_LONGEST = 32
"""Characters; what a template writes at greater length is no mark of a turn."""


def plain_markers(frame: Frame, roles: Roles, encoder: TextEncoder) -> tuple[str, ...]:
    """The marks of a turn that a text can imitate.

    Args:
        frame: a chat with a demonstration.
        roles: its turns.
        encoder: knows which parts of it are control tokens.

    Returns:
        In the order of the chat; none where a control token ends each user turn, without which
        the rest marks nothing.
    """
    ends = [
        literal
        for slot, literal in zip(frame.slots, frame.literals[1:], strict=True)
        if roles[slot] == "user"
    ]
    if all(encoder.count(literal) for literal in ends):
        return ()
    found: dict[str, None] = {}
    for place, literal in enumerate(frame.literals):
        lines = (line for part in encoder.between_control(literal) for line in part.splitlines())
        for line in map(str.strip, lines):
            tags = _TAG.findall(line)
            is_mark = place > 0 and len(line) <= _LONGEST and re.search(r"[^\w\s]", line)
            found |= dict.fromkeys(tags or ([line] if is_mark else []))
    return tuple(found)


def imitations(markers: Sequence[str], texts: Iterable[str]) -> str:
    """Say how many texts hold which of these marks; nothing when none does."""
    counts = dict.fromkeys(markers, 0)
    for text in texts:
        for marker in markers:
            counts[marker] += marker in text
    told = [f"{plural(n, 'text holds', 'texts hold')} {m}" for m, n in counts.items() if n]
    if not told:
        return ""
    return f"{', '.join(told)}, which this model reads as the mark of a turn"
