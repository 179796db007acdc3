"""Prompts behind many demonstrations, each demonstration encoded once.

A tokenizer splits a text at its added tokens before it does anything else, so what stands in
front of such a token and what begins with it have the same ids together and apart. Where the
template begins each demonstration with one, the prompt is cut there. Tokens that take in blanks
beside them, and tokenizers with rules of their own, are found out by comparing with whole prompts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from neufs_tui.core.prompts import Message, chat_messages
from neufs_tui.core.records import Demonstration, Task
from neufs_tui.model.chat_template import ChatTemplate
from neufs_tui.model.frame import Content, Frame, Piece
from neufs_tui.model.prefix import common_beginning
from neufs_tui.model.text_encoding import TextEncoder

_REMEMBERED = 4096
"""Demonstrations whose ids are kept."""
_TEXTS = ("a", "Zq", "7", "?", "\nx", " b ", "c\n\n")
"""Beginnings and ends that texts may have, to see what of the prompt they change."""
_BEGINNINGS = _TEXTS[:5]
_PROBE = Demonstration("a", "b")

Ids = tuple[int, ...]
Demonstrations = tuple[Demonstration, ...]


@dataclass(frozen=True, slots=True)
class _Behind:
    """What is the same for every text behind some demonstrations."""

    ids: Ids
    """Of the instruction and the demonstrations."""
    tail: Frame
    """What follows them."""
    contents: tuple[Content, ...]
    """Of every turn but the text's."""


class Turns:
    """Encodes the prompts of one task turn by turn."""

    def __init__(
        self,
        template: ChatTemplate,
        encoder: TextEncoder,
        task: Task,
        content: Callable[[Message], Content],
    ) -> None:
        """Bind what encodes.

        Args:
            template: writes the chat.
            encoder: encodes parts of it.
            task: what is asked.
            content: what of a message is data.
        """
        self._template = template
        self._encoder = encoder
        self._task = task
        self._content = content
        self._ids: OrderedDict[tuple[Frame, Demonstration], Ids] = OrderedDict()
        self._last: tuple[Demonstrations, _Behind | None] = ((), None)

    def agree(self, whole: Callable[[str, Sequence[Demonstration]], list[int]]) -> bool:
        """Whether prompts in parts have the ids that they have when they are encoded whole.

        Args:
            whole: encodes a prompt whole, without the answer prefix.
        """
        controls = "".join(self._encoder.control_names[:8])
        texts = (*_TEXTS, f"x{controls}y")
        shown = [Demonstration(text, answer) for text in texts for answer in ("d", " e\n")]
        return all(
            self.prompt(text, shown[:n]) == whole(text, shown[:n])
            for n in (1, 2, 3, len(shown))
            for text in texts
        )

    def prompt(self, text: str, demonstrations: Sequence[Demonstration]) -> list[int] | None:
        """The ids of a prompt less the answer prefix; None where it has to be encoded whole."""
        behind = self._behind(tuple(demonstrations)) if text.strip() else None
        return [*behind.ids, *self._tail(behind, text)] if behind is not None else None

    def pieces(
        self, text: str, demonstrations: Sequence[Demonstration]
    ) -> list[list[Piece]] | None:
        """What of a prompt is encoded apart, in its order; None where it is encoded whole."""
        shown = tuple(demonstrations)
        behind = self._behind(shown) if text.strip() else None
        cut = self._cut(shown) if behind is not None else None
        if behind is None or cut is None:
            return None
        head, frames, tail = cut
        apart = zip(frames, shown[-len(frames) :], strict=True)
        return [
            head.fill(behind.contents),
            *(frame.fill(self._contents([one])) for frame, one in apart),
            tail.fill((*behind.contents, self._asked(text))),
        ]

    def shared_prefix(self, demonstrations: Sequence[Demonstration]) -> Ids | None:
        """What the prompts for all texts begin with; None where only whole prompts can tell."""
        behind = self._behind(tuple(demonstrations))
        if behind is None:
            return None
        return behind.ids + common_beginning([self._tail(behind, text) for text in _BEGINNINGS])

    def lengths(self, demonstrations: Sequence[Demonstration]) -> tuple[int, list[int]] | None:
        """Tokens of what all prompts share beside the demonstrations, and of each of these.

        None where only whole prompts can tell.
        """
        cut = self._cut((_PROBE, _PROBE, _PROBE))
        shared = self.shared_prefix((_PROBE, _PROBE, _PROBE))
        if cut is None or shared is None:
            return None
        usual = cut[1][-1]
        lengths = [len(self._demonstration(usual, one)) for one in (_PROBE, *demonstrations)]
        return len(shared) - 3 * lengths[0], lengths[1:]

    def _behind(self, demonstrations: Demonstrations) -> _Behind | None:
        if self._last[0] != demonstrations:
            self._last = demonstrations, self._encoded(demonstrations)
        return self._last[1]

    def _encoded(self, demonstrations: Demonstrations) -> _Behind | None:
        messages = chat_messages(self._task, demonstrations, "")[:-1]
        is_whole = any(not message["content"].strip() for message in messages)
        cut = None if is_whole or not demonstrations else self._cut(demonstrations)
        if cut is None:
            return None
        head, frames, tail = cut
        contents = tuple(self._content(message) for message in messages)
        ids = self._encoder.encode(head.fill(contents))
        for frame, one in zip(frames, demonstrations[-len(frames) :], strict=True):
            ids += self._demonstration(frame, one)
        while len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return _Behind(tuple(ids), tail, contents)

    def _demonstration(self, frame: Frame, demonstration: Demonstration) -> Ids:
        """The ids of one demonstration in a frame of its own two turns."""
        key = (frame, demonstration)
        if key not in self._ids:
            pieces = frame.fill(self._contents([demonstration]))
            self._ids[key] = tuple(self._encoder.encode(pieces))
        self._ids.move_to_end(key)
        return self._ids[key]

    def _tail(self, behind: _Behind, text: str) -> list[int]:
        """The ids of what follows the demonstrations."""
        return self._encoder.encode(behind.tail.fill((*behind.contents, self._asked(text))))

    def _contents(self, demonstrations: Sequence[Demonstration]) -> list[Content]:
        """Of the turns of some demonstrations."""
        turns = chat_messages(self._task, demonstrations, "")[-1 - 2 * len(demonstrations) : -1]
        return [self._content(turn) for turn in turns]

    def _asked(self, text: str) -> Content:
        """Of the turn that holds the text."""
        return self._content(chat_messages(self._task, (), text)[-1])

    def _cut(self, demonstrations: Demonstrations) -> tuple[Frame, tuple[Frame, ...], Frame] | None:
        """The frame of a chat in parts: its beginning, demonstrations, its end.

        The first demonstration belongs to the beginning where nothing divides them.
        """
        roles = tuple(message["role"] for message in chat_messages(self._task, demonstrations, ""))
        frame = self._template.frame(roles)
        first_turn, n_turns = roles.index("user"), 2 * len(demonstrations)
        turns = tuple(range(first_turn, first_turn + n_turns))
        if turns[0] not in frame.slots:
            return None
        start = frame.slots.index(turns[0])
        if frame.slots[start : start + n_turns] != turns:
            return None
        places = range(start, start + n_turns + 1, 2)
        cuts = {place: self._encoder.last_control(frame.literals[place]) for place in places}
        edges = [(place, cut) for place, cut in cuts.items() if cut is not None]
        if None in [*cuts.values()][1:] or len(edges) < 2:
            return None
        shown = tuple(frame.part(*ends, turns=(0, 1)) for ends in pairwise(edges))
        return frame.part(None, edges[0]), shown, frame.part(edges[-1], None)
