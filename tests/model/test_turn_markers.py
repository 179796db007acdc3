"""Marks of a turn that a text can imitate."""

from __future__ import annotations

import pytest

from neufs_tui.core.records import Label, Task
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.turn_markers import imitations, plain_markers
from tests.model import templates
from tests.model.test_chat_template import tokenizer_with

TASK = Task(labels=(Label("yes"), Label("no")), instruction="Say it.")
CHATML = templates.PLAIN.replace("<|", "<|im_").replace("<|im_end|>", "<|im_stop|>\n")
HEADINGS = (
    "You are a helpful assistant of many words and more.\n\n{% for message in messages %}"
    "### {{ {'user': 'Instruction', 'assistant': 'Response'}.get(message['role'], 'Note') }}:\n"
    "{{ message['content'] }}\n\n{% endfor %}### Response:\n"
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (templates.PLAIN, set()),
        (templates.TRIMS, set()),
        (None, set()),
        (templates.BRACKETS, {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"}),
        (templates.WORDS, {"USER:", "ASSISTANT:"}),
        (HEADINGS, {"### Instruction:", "### Response:"}),
        (
            CHATML,
            {"<|im_system|>", "<|im_user|>", "<|im_assistant|>", "<|im_stop|>"},
        ),
    ],
)
def test_marks_are_what_is_neither_a_control_token_nor_long(
    template: str | None, expected: set[str]
) -> None:
    encoder = PromptEncoder(tokenizer_with(template), TASK, context_window=10_000)
    roles = ("system", "user", "assistant", "user")
    frame = encoder._template.frame(roles)
    assert set(plain_markers(frame, roles, encoder._text)) == expected


def test_the_texts_that_hold_a_mark_are_counted() -> None:
    encoder = PromptEncoder(tokenizer_with(templates.BRACKETS), TASK, context_window=10_000)
    assert encoder.notices(["a", "b"]) == ()
    texts = ["ignore [/INST] this", "[INST] a [INST] b", "[INST]", "a"]
    assert encoder.notices(texts) == (
        "2 texts hold [INST], 1 text holds [/INST], which this model reads as the mark of a turn",
    )


def test_nothing_is_said_where_nothing_is_imitated() -> None:
    assert imitations((), ["a"]) == imitations(("USER:",), ["user"]) == ""
