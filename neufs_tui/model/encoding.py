"""Texts → token ids: prompts through the chat template, candidate answers on their own.

Candidates are tokenised apart from the prompt and joined as ids, so that all of them share the
prompt's ids exactly. Where the joined ids would not read as prompt plus label, the label is
refused by name.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from neufs_tui.core.prompts import Message, chat_messages
from neufs_tui.core.records import Demonstration, Task
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.prefix import common_beginning

_PREFIX_SHARE = 0.75
"""Of the context window, what instruction and demonstrations may take."""
_CUT = " … "
"""Stands where the middle of a text was cut out."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt up to the place where the answer begins."""

    ids: tuple[int, ...]
    truncated: bool
    """The text's middle was cut out to fit the context window."""


class PromptEncoder:
    """Encodes one task's prompts and candidates for one model."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, task: Task, *, context_window: int
    ) -> None:
        """Tokenise the candidates and check them.

        Raises:
            UsageError: a label cannot be told from the prompt in front of it once both are ids.
        """
        self._tokenizer = tokenizer
        self._task = task
        self._prefix_ids = self._encode(task.answer_prefix) if task.answer_prefix else []
        self.candidates = tuple(self._candidate_ids(name) for name in task.label_names)
        self._room = context_window - max(len(ids) for ids in self.candidates)
        self._refuse_equal_candidates()

    def prompt(self, text: str, demonstrations: Sequence[Demonstration] = ()) -> EncodedPrompt:
        """Encode the prompt for one text.

        A text that does not fit the context window keeps its beginning and its end, half the
        room each; the middle is replaced by an ellipsis.

        Raises:
            ModelError: the prompt does not fit even without the text.
        """
        ids = self._prompt_ids(text, demonstrations)
        if len(ids) <= self._room:
            return EncodedPrompt(tuple(ids), truncated=False)
        offsets = self._offsets(text)
        keep = len(offsets) - (len(ids) - self._room) - len(self._encode(_CUT))
        while keep >= 2:
            head, tail = offsets[keep // 2 - 1][1], offsets[-(keep // 2)][0]
            ids = self._prompt_ids(text[:head] + _CUT + text[tail:], demonstrations)
            if len(ids) <= self._room:
                return EncodedPrompt(tuple(ids), truncated=True)
            keep -= max(1, len(ids) - self._room)
        raise ModelError(
            f"the prompt does not fit the model's context window, which has room for {self._room} "
            "tokens",
            hint="shorten the instruction, or use a model with a larger window",
        )

    def shared_prefix(self, demonstrations: Sequence[Demonstration] = ()) -> tuple[int, ...]:
        """The tokens with which the prompts for all texts begin, but for rare exceptions."""
        texts = ("a", "Zq", "7", "?", "\n")
        return common_beginning([self._prompt_ids(text, demonstrations) for text in texts])

    def fitting(self, demonstrations: Sequence[Demonstration]) -> tuple[Demonstration, ...]:
        """The demonstrations that leave a quarter of the window to the text, the newest of them.

        The oldest leave first.
        """
        every = tuple(demonstrations)

        def fits(n_left_out: int) -> bool:
            prefix = self.shared_prefix(every[n_left_out:])
            return len(prefix) <= _PREFIX_SHARE * self._room

        return every[bisect_left(range(len(every)), True, key=fits) :]

    def fingerprint(self) -> str:
        """Digest of everything that shapes a prompt or its candidates, the text aside."""
        messages = chat_messages(self._task, [], "\0")
        parts = [self._render(messages), self._task.answer_prefix, self.candidates]
        return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()

    def _prompt_ids(self, text: str, demonstrations: Sequence[Demonstration]) -> list[int]:
        rendered = self._render(chat_messages(self._task, demonstrations, text))
        return self._encode(rendered) + self._prefix_ids

    def _render(self, messages: list[Message]) -> str:
        if not self._tokenizer.chat_template:
            return _plain_prompt(self._tokenizer.bos_token or "", messages)
        try:
            return self._apply_template(messages)
        except TemplateError:
            # Gemma's template refuses a system turn: the instruction opens the first user turn
            if messages[0]["role"] != "system" or len(messages) < 2:
                raise
            merged = f"{messages[0]['content']}\n\n{messages[1]['content']}"
            return self._apply_template([{"role": "user", "content": merged}, *messages[2:]])

    def _apply_template(self, messages: list[Message]) -> str:
        rendered = self._tokenizer.apply_chat_template(
            cast(list[dict[str, Any]], messages),
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,  # Qwen3 would open with a chain of thought
        )
        return cast(str, rendered)

    def _encode(self, text: str) -> list[int]:
        return cast("list[int]", self._tokenizer.encode(text, add_special_tokens=False))

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        if not self._tokenizer.is_fast:
            return [(place, place + 1) for place in range(len(text))]
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return cast(list[tuple[int, int]], encoded["offset_mapping"])

    def _candidate_ids(self, name: str) -> tuple[int, ...]:
        """A label's own ids, such that appended to a prompt they read as the label."""
        before = self._prompt_ids("text", [])
        shown = self._decode(before)
        direct = self._encode(name)
        # Some tokenizers open every text with a space; the ids after an anchor have none
        anchored = self._encode("\n" + name)
        anchor = self._encode("\n")
        options = [direct]
        if anchored[: len(anchor)] == anchor:
            options.append(anchored[len(anchor) :])
        for ids in options:
            if ids and self._decode(before + ids) == shown + name:
                return tuple(ids)
        raise UsageError(
            f"the label {name!r} does not survive this model's tokenizer",
            hint="rename the label, or change the answer prefix",
        )

    def _decode(self, ids: list[int]) -> str:
        decoded = self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        return cast(str, decoded)

    def _refuse_equal_candidates(self) -> None:
        seen: dict[tuple[int, ...], str] = {}
        for name, ids in zip(self._task.label_names, self.candidates, strict=True):
            if ids in seen:
                raise UsageError(
                    f"the labels {seen[ids]!r} and {name!r} are the same tokens to this model",
                    hint="rename one of them",
                )
            seen[ids] = name


def _plain_prompt(bos: str, messages: list[Message]) -> str:
    """A prompt for models without a chat template: turns apart by blank lines."""
    text = bos
    for message in messages:
        end = "\n" if message["role"] == "user" else "\n\n"
        text += message["content"] + end
    return text
