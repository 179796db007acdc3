"""Every turn comes out of the template, or it is refused with its fault."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from neufs_tui.core.prompts import PROMPT_DATE, chat_messages
from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.errors import ModelError
from neufs_tui.model.encoding import PromptEncoder
from tests.model import templates
from tests.tiny import tiny_tokenizer

TASK = Task(labels=(Label("yes"), Label("no")), instruction="Say it.")
SHOWN = [Demonstration("one", "yes"), Demonstration("two", "no")]


def tokenizer_with(template: str) -> PreTrainedTokenizerFast:
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.chat_template = template
    return tokenizer


def encoder_with(template: str, task: Task = TASK) -> PromptEncoder:
    return PromptEncoder(tokenizer_with(template), task, context_window=10_000)


def shown(template: str, n_demonstrations: int = 0, task: Task = TASK) -> str:
    tokenizer = tokenizer_with(template)
    encoder = PromptEncoder(tokenizer, task, context_window=10_000)
    return tokenizer.decode(encoder.prompt("text", SHOWN[:n_demonstrations]).ids)


@cache
def pair(name: str) -> tuple[PreTrainedTokenizerFast, PromptEncoder]:
    tokenizer = tokenizer_with(templates.ORDINARY[name])
    task = Task(TASK.labels, instruction=" Say\nit. \n", answer_prefix="\n<a>")
    return tokenizer, PromptEncoder(tokenizer, task, context_window=10_000)


BLANKS = st.text(" \n\t\u2003", max_size=3)


@pytest.mark.parametrize("name", templates.ORDINARY)
def test_prompts_are_the_ids_of_the_whole_rendering(name: str) -> None:
    tokenizer, encoder = pair(name)
    texts = st.tuples(BLANKS, st.text(max_size=20), BLANKS).map("".join)

    @given(st.lists(st.builds(Demonstration, texts, texts), max_size=3), texts)
    @settings(deadline=None, max_examples=100)
    def holds(demonstrations: list[Demonstration], text: str) -> None:
        messages = chat_messages(encoder._task, demonstrations, text)
        rendered = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False, enable_thinking=False
        )
        ids = tokenizer.encode(rendered) + tokenizer.encode("\n<a>")
        assert list(encoder.prompt(text, demonstrations).ids) == ids

    holds()


@given(texts=st.lists(st.text(" \nab", max_size=4), min_size=1, max_size=3))
@settings(deadline=None, max_examples=50)
def test_an_instruction_in_the_first_user_turn_is_rendered_with_it(texts: list[str]) -> None:
    tokenizer = tokenizer_with(templates.REFUSES_SYSTEM)
    encoder = PromptEncoder(tokenizer, TASK, context_window=10_000)
    demonstrations = [Demonstration(text, "yes") for text in texts[:-1]]
    _, first, *others = chat_messages(TASK, demonstrations, texts[-1])
    merged = [{"role": "user", "content": f"Say it.\n\n{first['content']}"}, *others]
    rendered = tokenizer.apply_chat_template(merged, add_generation_prompt=True, tokenize=False)
    ids = tokenizer.encode(rendered, add_special_tokens=False)
    assert list(encoder.prompt(texts[-1], demonstrations).ids) == ids


@pytest.mark.parametrize("template", [templates.REFUSES_SYSTEM, templates.DROPS_SYSTEM])
def test_without_system_turns_the_instruction_opens_the_first_user_turn(template: str) -> None:
    (notice,) = encoder_with(template).notices([])
    assert "takes no system turn" in notice
    read = shown(template, 1).replace("\n", "")
    turns = "<|user|>Say it.one<|end|><|assistant|>yes<|end|><|user|>text<|end|><|assistant|>"
    assert read == turns


def test_an_empty_instruction_is_no_system_turn_to_speak_of() -> None:
    task = Task(TASK.labels, instruction="")
    assert encoder_with(templates.REFUSES_SYSTEM, task).notices([]) == ()
    assert shown(templates.DROPS_SYSTEM, task=task) == "<|user|>text<|end|><|assistant|>"


def test_a_template_may_put_the_instruction_into_the_last_turn() -> None:
    assert shown(templates.SYSTEM_LAST, 1) == (
        "<|user|>one<|end|><|assistant|>yes<|end|><|user|>Say it.\n\ntext<|end|><|assistant|>"
    )


@pytest.mark.parametrize("template", [templates.PARTS, templates.USER_PARTS])
def test_a_template_that_wants_parts_gets_them(template: str) -> None:
    assert encoder_with(template).notices([]) == ()
    assert shown(template, 1) == shown(templates.PLAIN, 1)


@pytest.mark.parametrize(
    ("template", "opening", "end"),
    [
        (templates.ALWAYS_THINKS, "<think>\n\n</think>\n\n", "</think>"),
        (templates.KEEPS_THOUGHTS, "<think></think>\n", "</think>"),
        (
            templates.KEEPS_THOUGHTS.replace("</", "~").replace("<think", "~"),
            "~>~think>\n",
            "~think>",
        ),
    ],
)
def test_a_chain_of_thought_is_closed_as_the_template_writes_it(
    template: str, opening: str, end: str
) -> None:
    assert shown(template, 1) == shown(templates.PLAIN, 1) + opening
    (notice,) = encoder_with(template).notices([])
    assert notice.endswith(f"answers are read behind {end}")


def test_a_chain_of_thought_that_is_switched_off_or_ended_by_the_prefix_is_left_alone() -> None:
    assert shown(templates.MAY_THINK) == shown(templates.PLAIN) + "<think>\n\n</think>\n\n"
    assert encoder_with(templates.MAY_THINK).notices([]) == ()
    task = Task(TASK.labels, instruction="Say it.", answer_prefix="so</think>")
    assert shown(templates.ALWAYS_THINKS, task=task).endswith("<think>\nso</think>")
    assert encoder_with(templates.ALWAYS_THINKS, task).notices([]) == ()


def test_what_a_demonstration_says_does_not_steer_the_template() -> None:
    tokenizer = tokenizer_with(templates.ALWAYS_THINKS)
    encoder = PromptEncoder(tokenizer, TASK, context_window=10_000)
    ids = encoder.prompt("text", [Demonstration("one", "a</think>yes")]).ids
    assert "<|assistant|>a</think>yes<|end|>" in tokenizer.decode(ids)
    assert ids.count(tokenizer.convert_tokens_to_ids("</think>")) == 1


@pytest.mark.parametrize("template", [templates.DATE_STRING, templates.DATE_CALLED])
def test_the_day_changes_no_prompt(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digests, prompts = set(), set()
    for day in (datetime(2025, 3, 9), datetime(2031, 12, 24)):

        class Clock(datetime):
            @classmethod
            def now(cls, tz: object = None, day: datetime = day) -> datetime:
                return day

        monkeypatch.setattr(chat_template_utils, "datetime", Clock)
        encoder = encoder_with(template)
        digests.add(encoder.fingerprint())
        prompts.add(encoder.prompt("text").ids)
    assert len(digests) == len(prompts) == 1


def test_a_date_is_written_as_the_template_writes_dates() -> None:
    assert PROMPT_DATE.isoformat() == "2026-01-01"
    assert "Today: 01 Jan 2026\n\n<|end|>" in shown(templates.DATE_STRING)
    assert shown(templates.DATE_CALLED).startswith(
        "\n<|system|>Day: Thursday, 1 January 2026, 00:00\nMode: off<|end|>\n"
    )


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        (templates.DROPS_ANSWERS, "it leaves out the answers of the demonstrations"),
        (templates.LAST_TURN_ONLY, "it leaves out the instruction"),
        (templates.BACKWARDS, "it puts the turns into another order"),
        (templates.NO_SYNTAX, "line 2: unexpected '}'"),
        (templates.FAILS, "can only concatenate str"),
        ("{{ raise_exception('not today') }}", "not today"),
        ("Hello.", "it leaves out the instruction and the text"),
        ({"tools": templates.PLAIN}, "multiple chat templates with no default"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_its_fault(
    template: str, fault: str
) -> None:
    with pytest.raises(ModelError) as refused:
        encoder_with(template)
    assert refused.value.message.startswith("the model's chat template cannot be used: ")
    assert fault in refused.value.message
    assert refused.value.hint


def test_the_default_of_several_templates_is_used() -> None:
    assert shown({"tools": "", "default": templates.PLAIN}) == shown(templates.PLAIN)
