"""Texts → token ids: prompts through the chat template, candidate answers on their own.

Candidates are tokenised apart from the prompt and joined as ids, so that all of them share the
prompt's ids exactly. Where the joined ids would not read as prompt plus label, the label is
refused by name.

Texts, labels, definitions and instruction are data: the control tokens in a prompt are those of
the template, and of the answer prefix, with which the task's author goes on where it ends.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import cast

from transformers import PreTrainedTokenizerBase

from neufs_tui.core.prompts import Message, chat_messages, system_message
from neufs_tui.core.records import Demonstration, Task
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.chat_template import ChatTemplate
from neufs_tui.model.frame import Content, Piece
from neufs_tui.model.prefix import common_beginning
from neufs_tui.model.text_encoding import TextEncoder
from neufs_tui.model.turn_markers import imitations, plain_markers
from neufs_tui.model.turns import Turns

_PREFIX_SHARE = 0.75
"""Of the context window, what instruction and demonstrations may take."""
_LEAVE_SHARE = 8
"""Of the demonstrations that fit, the share that leaves at once at most is one in so many."""
_CUT = " … "
"""Stands where the middle of a text was cut out."""
_MIN_ROOM = 16
"""Tokens that the prompt must leave to a text."""
_PROBES = ("a", "Zq", "7", "?", "\n")
"""Texts that begin and end unlike one another."""
_TAIL = 16
"""Tokens at the end of a prompt that tell how a label behind it reads."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt up to the place where the answer begins."""

    ids: tuple[int, ...]
    truncated: bool
    """The text's middle was cut out to fit the context window."""
    text: tuple[int, int] | None = None
    """From the text's first token to the one behind its last; None behind demonstrations."""


class PromptEncoder:
    """Encodes one task's prompts and candidates for one model."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, task: Task, *, context_window: int
    ) -> None:
        """Find out how the template is to be used, tokenise the candidates and check them.

        Raises:
            ModelError: the chat template cannot be used, or the prompt leaves no room for a text.
            UsageError: a label cannot be told from the prompt in front of it once both are ids.
        """
        self._tokenizer = tokenizer
        self._task = task
        self._text = TextEncoder(tokenizer)
        self._template = ChatTemplate(
            tokenizer,
            has_instruction=bool(system_message(task)),
            answer_prefix=task.answer_prefix,
        )
        turns = Turns(self._template, self._text, task, self._content)
        self._turns = turns if turns.agree(self._whole_ids) else None
        prefix = task.answer_prefix
        self._prefix_ids = self._text.encode([Piece(prefix, is_data=False)]) if prefix else []
        before = self._prompt_ids("text", [])
        self.candidates = tuple(self._candidate_ids(name, before) for name in task.label_names)
        self._room = context_window - max(len(ids) for ids in self.candidates)
        self._refuse_full_window(context_window)
        self._refuse_equal_candidates()
        probes = [self._prompt_ids(text, []) for text in _PROBES]
        self._n_before = len(self.shared_prefix())
        self._n_behind = len(common_beginning([ids[::-1] for ids in probes]))

    def prompt(self, text: str, demonstrations: Sequence[Demonstration] = ()) -> EncodedPrompt:
        """Encode the prompt for one text.

        A text that does not fit the context window keeps its beginning and its end, half the
        room each; the middle is replaced by an ellipsis.

        Raises:
            ModelError: the prompt does not fit even without the text.
        """
        ids = self._prompt_ids(text, demonstrations)
        if len(ids) <= self._room:
            return self._encoded(ids, demonstrations, truncated=False)
        offsets = self._text.offsets(text)
        keep = len(offsets) - (len(ids) - self._room) - len(self._text.encode([Piece(_CUT, True)]))
        while keep >= 2:
            head, tail = offsets[keep // 2 - 1][1], offsets[-(keep // 2)][0]
            ids = self._prompt_ids(text[:head] + _CUT + text[tail:], demonstrations)
            if len(ids) <= self._room:
                return self._encoded(ids, demonstrations, truncated=True)
            keep -= max(1, len(ids) - self._room)
        raise ModelError(
            f"the demonstrations leave no room for a text in the {self._room:,} tokens of a prompt",
            hint="use a model with a larger context window",
        )

    def shared_prefix(self, demonstrations: Sequence[Demonstration] = ()) -> tuple[int, ...]:
        """The tokens with which the prompts for all texts begin, but for rare exceptions."""
        if self._turns is not None and (shared := self._turns.shared_prefix(demonstrations)):
            return shared
        return common_beginning([self._prompt_ids(text, demonstrations) for text in _PROBES])

    def fitting(self, demonstrations: Sequence[Demonstration]) -> tuple[Demonstration, ...]:
        """The demonstrations that leave a quarter of the window to the text, the newest of them.

        The oldest leave first, some at a time: after each that leaves, all others have to be
        read again.
        """
        every = tuple(demonstrations)
        lengths = self._turns.lengths(every) if self._turns is not None else None
        ends = [*accumulate(lengths[1], initial=lengths[0])] if lengths is not None else None

        def fits(n_left_out: int) -> bool:
            if ends is not None:
                n_tokens = ends[-1] - ends[n_left_out] + ends[0]
            else:
                n_tokens = len(self.shared_prefix(every[n_left_out:]))
            return n_tokens <= _PREFIX_SHARE * self._room

        n_out = bisect_left(range(len(every)), True, key=fits)
        at_once = 1 << max(0, ((len(every) - n_out) // _LEAVE_SHARE).bit_length() - 1)
        return every[-(-n_out // at_once) * at_once :]

    def fingerprint(self) -> str:
        """Digest of everything that shapes a prompt or its candidates, the text aside."""
        control = "".join(self._text.control_names[:_TAIL])
        probes = [self._prompt_ids(text, []) for text in ("text", "\n text\n", control)]
        return blake2b(json.dumps([probes, self.candidates]).encode(), digest_size=16).hexdigest()

    def notices(self, texts: Iterable[str]) -> tuple[str, ...]:
        """What is to be known of how this model reads these texts, one sentence each."""
        messages = chat_messages(self._task, [Demonstration("", "")], "")
        roles = tuple(message["role"] for message in messages)
        markers = plain_markers(self._template.frame(roles), roles, self._text)
        imitated = imitations(markers, texts)
        return (*self._template.notices, *([imitated] if imitated else []))

    def _encoded(
        self, ids: list[int], demonstrations: Sequence[Demonstration], *, truncated: bool
    ) -> EncodedPrompt:
        end = max(self._n_before, len(ids) - self._n_behind)
        span = None if demonstrations else (self._n_before, end)
        return EncodedPrompt(tuple(ids), truncated, span)

    def _prompt_ids(self, text: str, demonstrations: Sequence[Demonstration]) -> list[int]:
        ids = self._turns.prompt(text, demonstrations) if self._turns is not None else None
        return (self._whole_ids(text, demonstrations) if ids is None else ids) + self._prefix_ids

    def _whole_ids(self, text: str, demonstrations: Sequence[Demonstration]) -> list[int]:
        """The ids of a prompt that is encoded at once, less the answer prefix."""
        messages = chat_messages(self._task, demonstrations, text)
        blanks = {
            turn: message["content"]
            for turn, message in enumerate(messages)
            if not message["content"].strip()
        }
        frame = self._template.frame(tuple(message["role"] for message in messages), blanks)
        pieces = frame.fill([self._content(message) for message in messages])
        return self._text.encode(pieces)

    def _content(self, message: Message) -> Content:
        own = self._task.answer_prefix if message["role"] == "assistant" else ""
        return own, message["content"][len(own) :]

    def _candidate_ids(self, name: str, before: list[int]) -> tuple[int, ...]:
        """A label's own ids, such that appended to a prompt they read as the label."""
        # A prompt may be long and labels many: its last tokens tell as much as all of them
        tail = before[-_TAIL:]
        shown = self._decode(tail)
        # Some tokenizers open every text with a space; a continuation has none
        for ids in (self._text.encode([Piece(name, True)]), self._text.continuation(name)):
            is_text = not self._text.n_control(ids)
            if ids and is_text and self._decode(tail + ids) == shown + name:
                return tuple(ids)
        raise UsageError(
            f"the label {name!r} does not survive this model's tokenizer",
            hint="rename the label, or change the answer prefix",
        )

    def _decode(self, ids: list[int]) -> str:
        decoded = self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        return cast(str, decoded)

    def _refuse_full_window(self, context_window: int) -> None:
        taken = len(self._prompt_ids("", [])) + context_window - self._room
        if context_window - taken < _MIN_ROOM:
            raise ModelError(
                f"the instruction and the labels take {taken:,} tokens and the model's context "
                f"window holds {context_window:,}, which leaves too little for a text",
                hint="shorten the instruction, name fewer labels, or use a model with a larger "
                "context window",
            )

    def _refuse_equal_candidates(self) -> None:
        seen: dict[tuple[int, ...], str] = {}
        for name, ids in zip(self._task.label_names, self.candidates, strict=True):
            if ids in seen:
                raise UsageError(
                    f"the labels {seen[ids]!r} and {name!r} are the same tokens to this model",
                    hint="rename one of them",
                )
            seen[ids] = name
