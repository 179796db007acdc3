"""A prompt taken apart is the prompt, token by token, and each part is what it is called."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.exact_prompt import PromptPart
from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.model.encoding import PromptEncoder
from tests.model import templates
from tests.model.test_text_encoding import _Slow
from tests.model.test_turns import SHOWN, TEXTS
from tests.model.tokenizers import KINDS, tokenizer_of
from tests.tiny import tiny_tokenizer

LLAMA3 = (
    "{% for message in messages %}<|{{ '<think>' + message['role'] + '</think>' }}\n\n"
    "{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<think>assistant</think>\n\n{% endif %}"
).replace("<|{{", "{{")
"""Two control tokens and a word begin each turn, another ends it."""
TEMPLATES = templates.ORDINARY | {
    "parts": templates.PARTS,
    "always thinks": templates.ALWAYS_THINKS,
    "two tokens": LLAMA3,
}
TWO = [Demonstration("one text", "yes"), Demonstration("two, too", "no")]


tokenizer = cache(tokenizer_of)


@cache
def encoder(
    kind: str, template: str | None = None, *, prefix: str = "", window: int = 100_000
) -> PromptEncoder:
    own = tokenizer_of(kind)
    own.chat_template = template or templates.PLAIN
    task = Task((Label("yes"), Label("no")), answer_prefix=prefix)
    return PromptEncoder(own, task, context_window=window)


def ids_of(parts: tuple[PromptPart, ...]) -> tuple[int, ...]:
    return tuple(token for part in parts for token in part.ids)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6, deadline=None)
@given(text=TEXTS, shown=SHOWN)
def test_the_parts_are_together_the_prompt_that_is_read(
    kind: str, template: str, text: str, shown: list[Demonstration]
) -> None:
    for prefix in ("", "Answer: "):
        coder = encoder(kind, template, prefix=prefix)
        ids, parts = coder.prompt(text, shown).ids, coder.parts(text, shown)
        assert ids_of(parts) == ids
        assert all(part.ids for part in parts)
        kinds = [part.kind for part in parts if part.kind != "demonstration"]
        order = ("beginning", "instruction", "text", "answer")
        assert kinds == [one for one in order if one in kinds]
        assert [part.demonstration for part in parts if part.kind == "demonstration"] == [
            place for place in range(len(shown)) if shown[place].text.strip()
        ] or any(not one.text.strip() for one in shown)
        if kind != "word pieces":
            whole = coder._tokenizer.decode(ids, clean_up_tokenization_spaces=False)
            assert "".join(part.text for part in parts) == whole


@pytest.mark.parametrize("template", ["plain", "trims", "words", "two tokens"])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_each_part_holds_what_it_is_called_and_a_turn_is_never_cut(template: str, n: int) -> None:
    coder = encoder("byte-level", TEMPLATES[template], prefix="<answer>")
    beginning, *shown, text, answer = coder.parts("the text", TWO[:n])
    assert (beginning.kind, text.kind, answer.kind) == ("beginning", "text", "answer")
    assert "Classify the text." in beginning.text and "one text" not in beginning.text
    assert "the text" in text.text and "two" not in text.text
    assert answer.text.endswith("<answer>") and "the text" not in answer.text
    for part, demonstration in zip(shown, TWO, strict=False):
        assert demonstration.text in part.text
        assert f"<answer>{demonstration.answer}" in part.text
    if shown:
        opens = {
            part.text[: part.text.index(one.text)] for part, one in zip(shown, TWO[:n], strict=True)
        }
        assert opens == {text.text[: text.text.index("the text")]}


def test_a_turn_begins_with_all_that_opens_it() -> None:
    coder = encoder("byte-level", LLAMA3)
    beginning, one, _, text, answer = coder.parts("other", TWO)
    user, assistant = "<think>user</think>\n\n", "<think>assistant</think>\n\n"
    assert beginning.text.endswith("- no<|end|>")
    assert one.text == f"{user}one text<|end|>{assistant}yes<|end|>"
    assert (text.text, answer.text) == (f"{user}other", f"<|end|>{assistant}")


def test_an_instruction_that_stands_behind_the_demonstrations_is_a_part_of_its_own() -> None:
    coder = encoder("byte-level", templates.SYSTEM_LAST)
    parts = coder.parts("other", TWO)
    kinds = [part.kind for part in parts]
    assert kinds == ["demonstration", "demonstration", "instruction", "text", "answer"]
    assert "Classify" in parts[2].text and parts[3].text == "other"


def test_a_label_costs_what_the_prompt_grows_by_it() -> None:
    coder = encoder("byte-level")
    for n in (1, 2):
        before, after = coder.prompt("other", TWO[: n - 1]).ids, coder.prompt("other", TWO[:n]).ids
        parts = coder.parts("other", TWO[:n])
        assert parts[n].n_tokens == len(after) - len(before)


@pytest.mark.parametrize("kind", ["byte-level", "byte fallback", "unigram"])
def test_text_that_looks_like_a_special_token_is_none(kind: str) -> None:
    fake = "<|end|><|user|>"
    parts = encoder(kind).parts(f"a{fake}", [Demonstration(fake, "yes")])
    (text,) = (part for part in parts if part.kind == "text")
    special = [one.text.strip() for one in text.stretches if one.is_special]
    assert special == ["<|user|>"]
    assert fake in "".join(one.text for one in text.stretches if not one.is_special)


def test_a_long_text_is_shown_as_it_is_read_without_its_middle() -> None:
    coder = encoder("byte-level", window=200)
    text = "first words " + "filling " * 500 + "last words"
    parts = coder.parts(text)
    assert ids_of(parts) == coder.prompt(text).ids
    assert " … " in parts[1].text and "first words" in parts[1].text
    assert coder.window.room - len(ids_of(parts)) >= 0


@pytest.mark.parametrize("template", [templates.PLAIN, templates.WORDS])
def test_a_tokenizer_without_offsets_has_the_same_parts(template: str) -> None:
    fast = tiny_tokenizer()
    fast.chat_template = template
    slow = _Whole(fast)
    task = Task((Label("yes"), Label("no")))
    found = [
        PromptEncoder(one, task, context_window=10_000).parts("other<|end|>", TWO)
        for one in (fast, slow)
    ]
    assert found[0] == found[1]


class _Whole(_Slow):
    """One without offsets that can do all else."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._fast, name)

    def __init__(self, fast: object) -> None:
        self._fast = fast
        super().__init__(fast)


@pytest.mark.parametrize("kind", KINDS)
def test_the_labels_are_told_as_they_are_scored(kind: str) -> None:
    coder = encoder(kind)
    for scored, ids in zip(coder.scored_labels(), coder.candidates, strict=True):
        assert tuple(token for one in scored.pieces for token in one.ids) == ids
        assert "".join(one.text for one in scored.pieces).strip() == scored.name


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_written_prompt_is_the_one_read_once_it_is_tokenised(template: str) -> None:
    coder = encoder("byte-level", template)
    for n in (0, 1, 2):
        written = coder.template(TWO[:n])
        assert written.is_exact
        ids = tokenizer("byte-level").encode(
            "some text".join(written.literals), add_special_tokens=False
        )
        assert tuple(ids) == coder.prompt("some text", TWO[:n]).ids
        assert written.n_tokens < len(ids) <= written.n_tokens + len("some text") + 2


def test_it_is_told_where_a_written_prompt_would_be_read_otherwise() -> None:
    assert not encoder("byte-level").template([Demonstration("a<|end|>", "yes")]).is_exact


@given(st.lists(st.sampled_from(["a", "<|end|>", " b", "\n", "é", "你"]), min_size=1, max_size=20))
@settings(deadline=None)
def test_counts_of_ids_run_through_a_prompt(words: list[str]) -> None:
    from neufs_tui.model.frame import Piece
    from neufs_tui.model.text_encoding import TextEncoder

    coder = TextEncoder(tokenizer("byte-level"))
    pieces = [Piece("<|user|>", False), Piece("".join(words), True), Piece("<|end|>", False)]
    n = sum(len(piece.text) for piece in pieces)
    counts = coder.n_before(pieces, range(n + 1))
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, len(coder.encode(pieces)))
