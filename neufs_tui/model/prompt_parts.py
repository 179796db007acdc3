"""Which tokens of a prompt belong to what: instruction, demonstrations, text, end of the turn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from neufs_tui.core.exact_prompt import PartKind
from neufs_tui.model.chat_template import Roles
from neufs_tui.model.frame import Content, Frame, Piece
from neufs_tui.model.text_encoding import TextEncoder

Begin = tuple[PartKind, int | None, int]
"""A part, which demonstration it is, and the place of its first character or token."""


def part_begins(
    frame: Frame, roles: Roles, contents: Sequence[Content], opening: str, encoder: TextEncoder
) -> list[Begin]:
    """Where the parts of a prompt begin, by characters.

    Args:
        frame: what the template writes.
        roles: whose the turns are; the last is the text's.
        contents: of each turn.
        opening: what begins a user turn.
        encoder: knows control tokens, before the last of which a turn begins otherwise.
    """
    first, text = roles.index("user"), len(roles) - 1
    begins: list[Begin] = [("beginning", None, 0)]
    begun: set[tuple[PartKind, int | None]] = set()
    places = frame.places(contents)
    for slot, literal, (start, _) in zip(frame.slots, frame.literals, places, strict=False):
        part: tuple[PartKind, int | None] = ("demonstration", (slot - first) // 2)
        if slot < first:
            part = ("instruction", None)
        elif slot == text:
            part = ("text", None)
        if part in begun or (part[0] == "instruction" and not begun):
            continue
        begun.add(part)
        cut = len(literal) - len(opening) if literal.endswith(opening) else None
        cut = encoder.last_control(literal) if cut is None else cut
        begins.append((*part, start - len(literal) + (len(literal) if cut is None else cut)))
    return [*begins, ("answer", None, places[-1][1] if places else 0)]


def n_before(
    encoder: TextEncoder, apart: Sequence[Sequence[Piece]], places: Sequence[int]
) -> list[int]:
    """How many ids of a prompt begin before each of some characters of it.

    Args:
        encoder: encodes it.
        apart: what of it is encoded apart, in its order.
        places: of the characters; one behind the last is its end.
    """
    found: dict[int, int] = {}
    start = n_ids = 0
    for pieces in apart:
        end = start + sum(len(piece.text) for piece in pieces)
        inside = [place for place in places if start <= place < end]
        counts = encoder.n_before(pieces, [place - start for place in inside])
        found |= {place: n_ids + n for place, n in zip(inside, counts, strict=True)}
        n_ids += len(encoder.encode(pieces))
        start = end
    return [found.get(place, n_ids) for place in places]


def spans(begins: Sequence[Begin], counts: Sequence[int], n: int) -> list[tuple[Begin, int]]:
    """Each part that has tokens, with where it begins and ends among them.

    Args:
        begins: of the parts, in their order.
        counts: ids that begin before each of them.
        n: ids of the prompt.
    """
    edges = pairwise([*counts, n])
    return [
        ((kind, which, start), end)
        for (kind, which, _), (start, end) in zip(begins, edges, strict=True)
        if end > start
    ]
