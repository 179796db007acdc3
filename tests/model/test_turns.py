"""Prompts encoded turn by turn are those encoded whole, id for id."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.model.encoding import PromptEncoder
from tests.model import templates
from tests.model.tokenizers import ALPHABET, KINDS, tokenizer_of

NAMES = [token.content for token in tokenizer_of("byte-level").added_tokens_decoder.values()]
TEXTS = st.lists(st.sampled_from([*ALPHABET, *NAMES]), max_size=12).map("".join)
SHOWN = st.lists(
    st.builds(Demonstration, TEXTS, st.sampled_from(["yes", "no", " n\n"])), max_size=6
)


@cache
def encoder(kind: str, template: str, *, prefix: str = "", window: int = 100_000) -> PromptEncoder:
    tokenizer = tokenizer_of(kind)
    tokenizer.chat_template = template
    task = Task((Label("yes"), Label("no")), answer_prefix=prefix)
    return PromptEncoder(tokenizer, task, context_window=window)


@pytest.mark.parametrize("template", templates.ORDINARY.values(), ids=templates.ORDINARY)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(text=TEXTS, shown=SHOWN)
def test_prompts_in_parts_have_the_ids_of_whole_ones(
    kind: str, template: str, text: str, shown: list[Demonstration]
) -> None:
    for prefix in ("", "Answer: "):
        coder = encoder(kind, template, prefix=prefix)
        whole = coder._whole_ids(text, shown) + coder._prefix_ids
        assert list(coder.prompt(text, shown).ids) == whole


@pytest.mark.parametrize("kind", ["byte-level", "byte fallback", "words first"])
def test_demonstrations_are_encoded_apart_where_a_token_begins_each(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    coder = encoder(kind, templates.PLAIN)
    shown = [Demonstration(f"text {n}", "yes") for n in range(40)]
    expected = coder.prompt("other", shown).ids
    assert coder.shared_prefix(shown) == expected[: len(coder.shared_prefix(shown))]

    def refuse(*_: object) -> None:
        raise AssertionError("encoded whole")

    monkeypatch.setattr(coder, "_whole_ids", refuse)
    assert coder.prompt("other", shown).ids == expected
    assert len(coder.fitting(shown)) == 40


def test_a_template_without_tokens_between_the_turns_is_encoded_whole() -> None:
    coder = encoder("byte-level", templates.WORDS)
    shown = [Demonstration(f"text {n}", "yes") for n in range(3)]
    assert list(coder.prompt("other", shown).ids) == coder._whole_ids("other", shown)


@pytest.mark.parametrize("template", [templates.PLAIN, templates.WORDS])
def test_the_oldest_demonstrations_leave_some_at_a_time(template: str) -> None:
    coder = encoder("byte-level", template, window=900)
    shown = [Demonstration(f"text {n}", "yes") for n in range(110)]
    fitting = [coder.fitting(shown[:n]) for n in range(1, 110)]
    for n, some in enumerate(fitting, start=1):
        assert list(some) == shown[n - len(some) : n]
        assert len(coder.shared_prefix(some)) <= 0.75 * coder._room
    left = [n - len(some) for n, some in enumerate(fitting, start=1)]
    assert left == sorted(left)
    n_most = max(map(len, fitting))
    assert len(set(left)) <= 2 + 109 / (n_most / 16)
    assert min(map(len, fitting[n_most:])) >= n_most * 0.8
