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

from transformers import PreTrainedTokenizerBase

from neufs_tui.core.exact_prompt import PromptPart, PromptWindow, ScoredLabel
from neufs_tui.core.prompts import Message, chat_messages, system_message
from neufs_tui.core.records import Demonstration, Task
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.chat_template import ChatTemplate, Roles
from neufs_tui.model.decoding import TAIL, Decoder
from neufs_tui.model.frame import Content, Frame, Piece
from neufs_tui.model.prefix import common_beginning
from neufs_tui.model.prompt_parts import n_before, part_begins, spans
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


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt up to the place where the answer begins."""

    ids: tuple[int, ...]
    truncated: bool
    """The text's middle was cut out to fit the context window."""
    text: tuple[int, int] | None = None
    """From the text's first token to the one behind its last; None behind demonstrations."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A prompt as it is written before it is encoded, around every place of the text."""

    literals: tuple[str, ...]
    """In front of the first place, between them, and behind the last."""
    n_tokens: int
    """Less those of the text."""
    is_exact: bool
    """Tokenised at once, without special tokens added, it gives the ids that are read."""


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
        self._decoder = Decoder(tokenizer, self._text)
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
        self._window = context_window
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
        fitted, ids = self._fitted(text, demonstrations)
        end = max(self._n_before, len(ids) - self._n_behind)
        span = None if demonstrations else (self._n_before, end)
        return EncodedPrompt(tuple(ids), fitted is not text, span)

    def parts(
        self, text: str, demonstrations: Sequence[Demonstration] = ()
    ) -> tuple[PromptPart, ...]:
        """The prompt for one text taken apart; none of its parts is empty.

        A token that reaches from one part into the next belongs to the first.

        Raises:
            ModelError: the prompt does not fit even without the text.
        """
        fitted, ids = self._fitted(text, demonstrations)
        frame, roles, contents = self._frame(fitted, demonstrations)
        turns = self._turns.pieces(fitted, demonstrations) if self._turns is not None else None
        apart = turns or [frame.fill(contents)]
        begins = part_begins(frame, roles, contents, self._template.opening, self._text)
        counts = n_before(self._text, apart, [place for _, _, place in begins])
        return tuple(
            PromptPart(kind, tuple(self._decoder.stretches(ids, start, end)), which)
            for (kind, which, start), end in spans(begins, counts, len(ids))
        )

    def scored_labels(self) -> tuple[ScoredLabel, ...]:
        """The labels as they are scored, token by token."""
        before = self._prompt_ids("text", [])
        return tuple(
            ScoredLabel(name, self._decoder.pieces(before, ids))
            for name, ids in zip(self._task.label_names, self.candidates, strict=True)
        )

    def template(self, demonstrations: Sequence[Demonstration] = ()) -> PromptTemplate:
        """The prompt as it is written, for any text that is not blank."""
        mark = blake2b(repr((self._task, demonstrations)).encode(), digest_size=16).hexdigest()
        literals = tuple(self._written(mark, demonstrations).split(mark))
        is_exact = all(
            self._tokenizer.encode(probe.join(literals), add_special_tokens=False)
            == self._prompt_ids(probe, demonstrations)
            for probe in _PROBES[:-1]
        )
        n_tokens = len(self.shared_prefix(demonstrations)) + self._n_behind
        return PromptTemplate(literals, n_tokens, is_exact)

    @property
    def window(self) -> PromptWindow:
        """How much of the context window prompts may take."""
        return PromptWindow(self._window, self._room, int(_PREFIX_SHARE * self._room))

    def _fitted(self, text: str, demonstrations: Sequence[Demonstration]) -> tuple[str, list[int]]:
        """The text as it fits into a prompt, which is the text itself where it does, and the ids.

        Raises:
            ModelError: the prompt does not fit even without the text.
        """
        ids = self._prompt_ids(text, demonstrations)
        if len(ids) <= self._room:
            return text, ids
        offsets = self._text.offsets(text)
        keep = len(offsets) - (len(ids) - self._room) - len(self._text.encode([Piece(_CUT, True)]))
        while keep >= 2:
            head, tail = offsets[keep // 2 - 1][1], offsets[-(keep // 2)][0]
            fitted = text[:head] + _CUT + text[tail:]
            ids = self._prompt_ids(fitted, demonstrations)
            if len(ids) <= self._room:
                return fitted, ids
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
        control = "".join(self._text.control_names[:TAIL])
        probes = [self._prompt_ids(text, []) for text in ("text", "\n text\n", control)]
        return blake2b(json.dumps([probes, self.candidates]).encode(), digest_size=16).hexdigest()

    def notices(self, texts: Iterable[str]) -> tuple[str, ...]:
        """What is to be known of how this model reads these texts, one sentence each."""
        messages = chat_messages(self._task, [Demonstration("", "")], "")
        roles = tuple(message["role"] for message in messages)
        markers = plain_markers(self._template.frame(roles), roles, self._text)
        imitated = imitations(markers, texts)
        return (*self._template.notices, *([imitated] if imitated else []))

    def _prompt_ids(self, text: str, demonstrations: Sequence[Demonstration]) -> list[int]:
        ids = self._turns.prompt(text, demonstrations) if self._turns is not None else None
        return (self._whole_ids(text, demonstrations) if ids is None else ids) + self._prefix_ids

    def _whole_ids(self, text: str, demonstrations: Sequence[Demonstration]) -> list[int]:
        """The ids of a prompt that is encoded at once, less the answer prefix."""
        frame, _, contents = self._frame(text, demonstrations)
        return self._text.encode(frame.fill(contents))

    def _written(self, text: str, demonstrations: Sequence[Demonstration]) -> str:
        """A prompt before it is encoded."""
        frame, _, contents = self._frame(text, demonstrations)
        written = "".join(piece.text for piece in frame.fill(contents))
        return written + self._task.answer_prefix

    def _frame(
        self, text: str, demonstrations: Sequence[Demonstration]
    ) -> tuple[Frame, Roles, list[Content]]:
        """What the template writes of a chat, whose the turns are, and what stands in them."""
        messages = chat_messages(self._task, demonstrations, text)
        blanks = {
            turn: message["content"]
            for turn, message in enumerate(messages)
            if not message["content"].strip()
        }
        roles = tuple(message["role"] for message in messages)
        contents = [self._content(message) for message in messages]
        return self._template.frame(roles, blanks), roles, contents

    def _content(self, message: Message) -> Content:
        own = self._task.answer_prefix if message["role"] == "assistant" else ""
        return own, message["content"][len(own) :]

    def _candidate_ids(self, name: str, before: list[int]) -> tuple[int, ...]:
        """A label's own ids, such that appended to a prompt they read as the label."""
        # A prompt may be long and labels many: its last tokens tell as much as all of them
        tail = before[-TAIL:]
        shown = self._decoder.decode(tail)
        # Some tokenizers open every text with a space; a continuation has none
        for ids in (self._text.encode([Piece(name, True)]), self._text.continuation(name)):
            is_text = not self._text.n_control(ids)
            if ids and is_text and self._decoder.decode(tail + ids) == shown + name:
                return tuple(ids)
        raise UsageError(
            f"the label {name!r} does not survive this model's tokenizer",
            hint="rename the label, or change the answer prefix",
        )

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
