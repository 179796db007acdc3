"""Prompts → token ids, with no control token from the data in them.

A tokenizer looks for its added tokens everywhere in a prompt, so that a text could close its
turn and open another. Where one is found in data, the text is cut inside it and its parts are
encoded on their own, which leaves ordinary tokens that read as the same text. All other prompts
are encoded whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise
from typing import cast

from transformers import PreTrainedTokenizerBase

from neufs_tui.model.frame import Piece
from neufs_tui.model.prefix import common_beginning

_ANCHORS = ("\n", "x", "0", ".")
"""In front of a text, to see its ids as they are behind other text."""

Span = tuple[int, int]
"""From the first character to the one behind the last."""


class TextEncoder:
    """Encodes with one tokenizer.

    Control tokens are its added tokens, special or not, but those of blanks alone: they mark no
    turn, and texts are full of them.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Learn the tokenizer's control tokens."""
        self._tokenizer = tokenizer
        names = {
            token_id: token.content
            for token_id, token in tokenizer.added_tokens_decoder.items()
            if token.content.replace("▁", " ").strip()
        }
        self.control_names = tuple(names[token_id] for token_id in sorted(names))
        """In the order of their ids."""
        # also what characters without an id become: control only where the text spells it out
        self._unknown = names.pop(cast(int, tokenizer.unk_token_id), "\0")
        self._control = frozenset(names)
        self._found: dict[str, int] = {}
        """Control tokens in what templates write."""

    def encode(self, pieces: Sequence[Piece]) -> list[int]:
        """The ids of a prompt.

        A control token of one character cannot be cut, and stays one.
        """
        ids = self._ids(_text(pieces))
        if self._is_sound(ids, pieces):
            return ids
        first, *others = self._parts(_text(pieces), _data_spans(pieces))
        return self._ids(first) + [token for part in others for token in self._behind(part)]

    def n_before(self, pieces: Sequence[Piece], places: Sequence[int]) -> list[int]:
        """How many of a prompt's ids begin before each of some characters of it.

        Args:
            pieces: the prompt.
            places: of the characters; one behind the last is its end.
        """
        text = _text(pieces)
        is_whole = self._is_sound(self._ids(text), pieces)
        parts = [text] if is_whole else self._parts(text, _data_spans(pieces))
        found: dict[int, int] = {}
        start = n_ids = 0
        for part in parts:
            anchor = self._anchor(part) if start else ""
            inside = [place for place in places if start <= place < start + len(part)]
            counts = self._counts(anchor, part, [place - start for place in inside])
            found |= {place: n_ids + n for place, n in zip(inside, counts, strict=True)}
            n_ids += len(self._behind(part) if start else self._ids(part))
            start += len(part)
        return [found.get(place, n_ids) for place in places]

    def continuation(self, data: str) -> list[int]:
        """The ids of data as they are behind other text, without what opens a text."""
        return [token for part in self._parts(data, _whole(data)) for token in self._behind(part)]

    def offsets(self, data: str) -> list[Span]:
        """Where each token of the data stands in them."""
        if not self._tokenizer.is_fast:
            return [(place, place + 1) for place in range(len(data))]
        parts = self._parts(data, _whole(data))
        starts = accumulate((len(part) for part in parts), initial=0)
        return [
            (start + begin, start + end)
            for start, part in zip(starts, parts, strict=False)
            for _, (begin, end) in self._tokens(part)
        ]

    def n_control(self, ids: Collection[int]) -> int:
        """How many of these are control tokens."""
        return sum(token in self._control for token in ids)

    def count(self, literal: str) -> int:
        """How many control tokens a template writes there."""
        if literal not in self._found:
            self._found[literal] = self.n_control(self._ids(literal))
        return self._found[literal]

    def between_control(self, literal: str) -> list[str]:
        """What is ordinary text in what a template writes."""
        edges = [0, *(edge for span in self.control_spans(literal) for edge in span)]
        edges.append(len(literal))
        return [literal[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]

    def last_control(self, literal: str) -> int | None:
        """Where the last control token begins that a template writes there; None without one."""
        spans = self.control_spans(literal)
        return spans[-1][0] if spans else None

    def _parts(self, text: str, data: Sequence[Span]) -> list[str]:
        edges = [0, *sorted(self._cuts(text, data, 0, len(text))), len(text)]
        return [text[start:end] for start, end in pairwise(edges)]

    def _cuts(self, text: str, data: Sequence[Span], start: int, end: int) -> list[int]:
        """Where a part of a text has to be cut so that no control token in it comes from data."""
        found = self.control_spans(text[start:end])
        cuts = [
            cut
            for begin, stop in found
            if (cut := _cut(data, start + begin, start + stop)) is not None
        ]
        if not cuts:
            return []
        further = (self._cuts(text, data, *part) for part in pairwise([start, *cuts, end]))
        return cuts + [cut for part in further for cut in part]

    def control_spans(self, text: str) -> list[Span]:
        """Where control tokens stand, without blanks that they take in."""
        if not self._tokenizer.is_fast:
            longest_first = sorted(self.control_names, key=len, reverse=True)
            names = "|".join(re.escape(name) for name in longest_first)
            return [found.span() for found in re.finditer(names or r"(?!)", text)]
        spans = []
        for token, (start, end) in self._tokens(text):
            name = text[start:end].strip()
            if token in self._control or name == self._unknown:
                begin = text.index(name, start)
                spans.append((begin, begin + len(name)))
        return spans

    def _tokens(self, text: str) -> list[tuple[int, Span]]:
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return list(zip(encoded["input_ids"], encoded["offset_mapping"], strict=True))

    def _is_sound(self, ids: Sequence[int], pieces: Sequence[Piece]) -> bool:
        """Whether no control token of a prompt that was encoded at once is its data's."""
        own = sum(self.count(piece.text) for piece in pieces if not piece.is_data)
        data = [piece.text for piece in pieces if piece.is_data]
        return self.n_control(ids) == own and not any(self._unknown in one for one in data)

    def _behind(self, text: str) -> list[int]:
        """The ids of a text as they are behind other text."""
        anchor = self._anchor(text)
        return self._ids(anchor + text)[len(self._ids(anchor)) if anchor else 0 :]

    def _anchor(self, text: str) -> str:
        """What a text is to stand behind; empty where it has to stand alone."""
        for anchor in _ANCHORS:
            before = self._ids(anchor)
            if before and self._ids(anchor + text)[: len(before)] == before:
                return anchor
        return ""

    def _counts(self, anchor: str, text: str, places: Sequence[int]) -> list[int]:
        """How many ids of a text behind an anchor begin before each of some characters of it."""
        n_anchor = len(self._ids(anchor)) if anchor else 0
        whole = anchor + text
        if not self._tokenizer.is_fast:
            ids = self._ids(whole)
            cut = (self._ids(whole[: len(anchor) + place]) for place in places)
            return [max(0, len(common_beginning([ids, one])) - n_anchor) for one in cut]
        starts = self._starts(whole)[n_anchor:]
        return [bisect_left(starts, len(anchor) + place) for place in places]

    def _starts(self, text: str) -> list[int]:
        """Where each id of a text begins, in order."""
        starts: list[int] = []
        last = 0
        for _, (start, end) in self._tokens(text):
            # of a token of blanks some tokenizers tell the end alone
            starts.append(max(starts[-1] if starts else 0, start if start < end else last))
            last = end
        return starts

    def _ids(self, text: str) -> list[int]:
        return cast("list[int]", self._tokenizer.encode(text, add_special_tokens=False))


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _data_spans(pieces: Sequence[Piece]) -> list[Span]:
    ends = accumulate((len(piece.text) for piece in pieces), initial=0)
    return [span for span, piece in zip(pairwise(ends), pieces, strict=True) if piece.is_data]


def _whole(data: str) -> list[Span]:
    return [(0, len(data))]


def _cut(data: Sequence[Span], start: int, end: int) -> int | None:
    """Where to cut a control token that lies, in part at least, in data; None to leave it."""
    for first, last in data:
        if first < end and start < last:
            cut = max(start + 1, first)
            return cut if cut < end else None
    return None
