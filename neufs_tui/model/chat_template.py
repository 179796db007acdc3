"""The model's chat template, made to hold every turn, or refused with what is wrong with it.

Templates differ in what they take: some refuse or drop a system turn, some want contents as
lists of parts, some open a chain of thought in front of the answer, some print today's date.
How this one has to be used is found out once, by rendering placeholders and looking where they
come out; what cannot be helped is told in `notices`.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import compress, product
from types import MappingProxyType
from typing import Any, cast

from transformers import PreTrainedTokenizerBase

from neufs_tui.core.prompts import PROMPT_DATE, Role
from neufs_tui.errors import ModelError, first_line
from neufs_tui.model.frame import BEFORE, BEHIND, Frame, placeholder, read_frame

logger = logging.getLogger(__name__)

Roles = tuple[Role, ...]

_PLAIN = (
    "{{ bos_token }}{% for message in messages %}{{ message['content'] }}"
    "{{ '\\n' if message['role'] == 'user' else '\\n\\n' }}{% endfor %}"
)
"""For models without a template: turns apart by blank lines."""
_OPENED = re.compile(r"([<\[])([\w:]*(?:think|thought|reason)\w*)([>\]])\s*\Z", re.IGNORECASE)
"""A chain of thought begins at the end of the prompt."""
_REMEMBERED = 16
"""Frames kept: behind many demonstrations they are large."""
_KINDS: Mapping[Role, str] = {
    "system": "the instruction",
    "user": "the texts of the demonstrations",
    "assistant": "the answers of the demonstrations",
}
_NO_BLANKS: Mapping[int, str] = MappingProxyType({})
_DIRECTIVES = "aAbBcdDeFHIjmMpSTuUVwWxXyYzZ"
"""Of `strftime`."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to put a chat to a template."""

    has_system_turn: bool
    """Otherwise the instruction opens the first user turn."""
    in_parts: frozenset[Role]
    """The roles whose content is a list with one text part."""


_INSTRUCTION: Roles = ("system",)
_ROLES: Roles = ("system", "user", "assistant")
_FORMS = [
    _Form(has_system_turn, frozenset(compress(_ROLES, chosen)))
    for has_system_turn in (True, False)
    for chosen in sorted(
        product((False, True), repeat=len(_ROLES)), key=lambda one: 0 < sum(one) < len(_ROLES)
    )
]
"""In the order they are tried: all contents as text, all in parts, then some of them."""


class _TemplateFault(Exception):
    """A chat does not come out of a template as it should; says why."""


class ChatTemplate:
    """Writes chats of one tokenizer's template as frames: the turns' contents are filled in."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, *, has_instruction: bool, answer_prefix: str = ""
    ) -> None:
        """Find out how the template has to be used.

        Args:
            tokenizer: holds the template, or has none.
            has_instruction: whether chats begin with a system turn.
            answer_prefix: what follows the template's own opening of the answer.

        Raises:
            ModelError: the template is no valid one, or loses a turn however it is used.
        """
        self._tokenizer = tokenizer
        try:
            self._source = tokenizer.get_chat_template() if tokenizer.chat_template else _PLAIN
        except ValueError as error:
            raise _refusal(first_line(error)) from error
        self._stem = blake2b(self._source.encode(), digest_size=8).hexdigest()
        self._frames: OrderedDict[tuple[Roles, tuple[tuple[int, str], ...]], Frame] = OrderedDict()
        self._start = start = _INSTRUCTION if has_instruction else ()
        self._form = self._find_form(start)
        self._closing = self._find_closing(start, answer_prefix)
        self.notices = tuple(self._notices(has_instruction))
        """What the user is to know of how the template is used, one sentence each."""

    def frame(self, roles: Roles, blanks: Mapping[int, str] = _NO_BLANKS) -> Frame:
        """A chat of these turns up to the place where the model answers.

        Args:
            roles: whose turns they are.
            blanks: the contents that are blank, by the place of their turn. They get no slot:
                what a template strips from them may go on into what it writes itself.

        Raises:
            ModelError: the template loses one of the turns.
        """
        key = (roles, tuple(blanks.items()))
        if key not in self._frames:
            try:
                frame = self._read(roles, self._form, blanks)
            except _TemplateFault as fault:
                raise _refusal(str(fault)) from fault
            literals = (*frame.literals[:-1], frame.literals[-1] + self._closing)
            self._frames[key] = replace(frame, literals=literals)
        while len(self._frames) > _REMEMBERED:
            self._frames.popitem(last=False)
        self._frames.move_to_end(key)
        return self._frames[key]

    @cached_property
    def opening(self) -> str:
        """What the template writes to begin a user turn, behind what ended the answer before it."""
        roles: Roles = (*self._start, "user", "assistant", "user")
        frame = self.frame(roles)
        behind_answer = frame.slots.index(len(roles) - 2) + 1
        return frame.literals[behind_answer].removeprefix(self._answer_end())

    def _answer_end(self) -> str:
        """What the template writes behind the last answer of a chat."""
        roles: Roles = (*self._start, "user", "assistant")
        marks = [placeholder(self._stem, turn) for turn in range(len(roles))]
        try:
            rendered = self._render(self._chat(roles, marks, self._form), is_answered=True)
        except _TemplateFault:
            return ""
        return rendered.rpartition(marks[-1])[2] if marks[-1] in rendered else ""

    def _find_form(self, start: Roles) -> _Form:
        """The first form in which a chat with and without demonstrations comes out whole."""
        turns: Roles = ("user", "assistant")
        faults = []
        for form in _FORMS:
            try:
                for n_demonstrations in (0, 2):
                    self._read((*start, *turns * n_demonstrations, "user"), form)
            except _TemplateFault as fault:
                faults.append(fault)
            else:
                return form
        raise _refusal(str(faults[0])) from faults[0]

    def _find_closing(self, start: Roles, answer_prefix: str) -> str:
        """What ends a chain of thought that the template opens; nothing where it opens none."""
        tail = self._read((*start, "user"), self._form).literals[-1]
        closing = self._closing_in_history(tail)
        if closing is None and (opened := _OPENED.search(tail)):
            left, name, right = opened.groups()
            closing = f"\n{left}/{name}{right}\n\n"
        return "" if closing is None or closing.strip() in answer_prefix else closing

    def _closing_in_history(self, tail: str) -> str | None:
        """What the template writes behind the reasoning of an answer given earlier.

        None where it writes none, or begins it otherwise than it asks for an answer.
        """
        marks = [placeholder(self._stem, turn) for turn in range(3)]
        chat = self._chat(("user", "assistant"), marks[:2], self._form)
        chat[1]["reasoning_content"] = marks[2]
        try:
            rendered = self._render(chat, is_answered=True)
        except _TemplateFault:
            return None
        frame = read_frame(rendered, rendered, self._stem)
        if frame.slots != (0, 2, 1) or frame.literals[1] != tail or not frame.literals[2].strip():
            return None
        return frame.literals[2]

    def _notices(self, has_instruction: bool) -> list[str]:
        notices = []
        if has_instruction and not self._form.has_system_turn:
            notices.append(
                "this model's chat template takes no system turn: the instruction opens the "
                "first user turn"
            )
        if self._closing:
            notices.append(
                "this model's chat template opens a chain of thought: it is closed empty, and "
                f"answers are read behind {self._closing.strip()}"
            )
        for notice in notices:
            logger.info(notice)
        if self._form.in_parts:
            logger.info("the chat template gets contents in parts: %s", sorted(self._form.in_parts))
        if "strftime_now" in self._source:
            logger.info("the chat template is told that today is %s", PROMPT_DATE)
        return notices

    def _read(self, roles: Roles, form: _Form, blanks: Mapping[int, str] = _NO_BLANKS) -> Frame:
        marks = [placeholder(self._stem, turn) for turn in range(len(roles))]
        padded = [f"{BEFORE}{mark}{BEHIND}" for mark in marks]
        for contents in (marks, padded):
            for turn, blank in blanks.items():
                contents[turn] = blank
        frame = read_frame(
            self._render(self._chat(roles, marks, form)),
            self._render(self._chat(roles, padded, form)),
            self._stem,
        )
        if missing := _missing({*frame.slots, *blanks}, roles):
            raise _TemplateFault(f"it leaves out {' and '.join(missing)}")
        if not _is_in_order(frame.slots, roles):
            raise _TemplateFault("it puts the turns into another order")
        return frame

    def _chat(self, roles: Roles, contents: Sequence[str], form: _Form) -> list[dict[str, Any]]:
        turns = list(zip(roles, contents, strict=True))
        if roles[0] == "system" and not form.has_system_turn:
            turns[:2] = [("user", f"{contents[0]}\n\n{contents[1]}")]
        return [
            {
                "role": role,
                "content": [{"type": "text", "text": text}] if role in form.in_parts else text,
            }
            for role, text in turns
        ]

    def _render(self, chat: list[dict[str, Any]], *, is_answered: bool = False) -> str:
        try:
            rendered = self._tokenizer.apply_chat_template(
                cast("list[dict[str, str]]", chat),
                chat_template=_with_fixed_date(self._source),
                add_generation_prompt=not is_answered,
                tokenize=False,
                enable_thinking=False,  # Qwen3 would open with a chain of thought
            )
        # a template is a program that came with the model: whatever it raises is its own fault
        except Exception as error:
            line = getattr(error, "lineno", None)
            where = f"line {line}: " if line else ""
            raise _TemplateFault(f"{where}{first_line(error)}") from error
        return cast(str, rendered)


def _with_fixed_date(source: str) -> str:
    """The template with a calendar of its own, in which it is always `PROMPT_DATE`.

    What the prompt says must not change from day to day: captures would be read again, and the
    same labels would not give the same picks.
    """
    if "strftime_now" not in source:
        return source
    codes = [f"%{flag}{directive}" for directive in _DIRECTIVES for flag in ("", "-")]
    replaced = "".join(f"|replace({code!r},{PROMPT_DATE.strftime(code)!r})" for code in codes)
    macro = f"{{% macro strftime_now(format) %}}{{{{ format{replaced} }}}}{{% endmacro %}}"
    return f"{macro}{{{{ '' }}}}{source}"  # a line break behind a block would be dropped


def _missing(there: Set[int], roles: Roles) -> list[str]:
    """What of a chat is not in the prompt."""
    last = len(roles) - 1
    lost = {
        "the text" if turn == last else _KINDS[role]
        for turn, role in enumerate(roles)
        if turn not in there
    }
    return sorted(lost)


def _is_in_order(slots: Sequence[int], roles: Roles) -> bool:
    """Whether the turns follow each other; the instruction may stand anywhere before the text.

    Some templates put it into the last user turn, which is what their models are used to.
    """
    turns, last = [slot for slot in slots if roles[slot] != "system"], len(roles) - 1
    return turns == sorted(turns) and (last not in slots or slots[-1] == last)


def _refusal(fault: str) -> ModelError:
    return ModelError(
        f"the model's chat template cannot be used: {fault}",
        hint="mend the chat_template in a local copy of the model, or use another model",
    )
