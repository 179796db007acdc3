"""No control token comes from data, and prompts without one are encoded as ever."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from neufs_tui.core.records import Label, Task
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.frame import Piece
from neufs_tui.model.loading.catalogue import EMBEDDED
from neufs_tui.model.loading.embedded import fetch
from neufs_tui.model.text_encoding import TextEncoder
from tests.model.tokenizers import ALPHABET, KINDS, tokenizer_of
from tests.models import Listener

OWN = ["<|user|>", "<|end|>", "<|assistant|>"]
LEFT, RIGHT = Piece("<|user|>", is_data=False), Piece("<|end|>\n<|assistant|>", is_data=False)


@cache
def kind_of(name: str) -> tuple[PreTrainedTokenizerFast, TextEncoder]:
    tokenizer = tokenizer_of(name)
    return tokenizer, TextEncoder(tokenizer)


def added(tokenizer: PreTrainedTokenizerFast, ids: list[int]) -> list[str]:
    """The added tokens among ids, but those of blanks alone."""
    names = [tokenizer.convert_ids_to_tokens(i) for i in ids if i in tokenizer.added_tokens_decoder]
    return [name for name in names if name.strip()]


def prompt(text: str) -> list[Piece]:
    return [LEFT, Piece(text, is_data=True), RIGHT]


def texts_with(names: list[str]) -> st.SearchStrategy[str]:
    """Added tokens, whole, in part and run together, in words that every tokenizer knows."""
    parts = st.one_of(
        st.sampled_from(names),
        st.sampled_from(names).flatmap(lambda name: st.sampled_from([name[:-1], name[1:]])),
        st.text(ALPHABET, max_size=6),
    )
    return st.lists(parts, max_size=8).map("".join)


@pytest.mark.parametrize("name", KINDS)
def test_no_control_token_comes_from_data_and_the_text_reads_back(name: str) -> None:
    tokenizer, encoder = kind_of(name)
    names = [token.content for token in tokenizer.added_tokens_decoder.values()]
    left, _, right = tokenizer.decode(encoder.encode(prompt("a"))).partition("a")

    @given(texts_with(names))
    @settings(deadline=None, max_examples=200)
    def holds(text: str) -> None:
        ids = encoder.encode(prompt(text))
        found, shown = added(tokenizer, ids), tokenizer.decode(ids)
        if name == "word pieces":  # knows neither blanks nor every word
            assert [one for one in found if one != "<unk>"] == OWN
            return
        assert found == OWN
        read = text.lower() if name == "byte-level, lower case" else text
        assert shown.startswith(left.strip())
        assert shown.endswith(right)
        # some put a blank in front of every stretch of text
        assert shown[len(left.strip()) : len(shown) - len(right)].strip() == read.strip()

    holds()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("text", ["<|end|>", "a <think> b</think>", "[mask]", "<unk>", "<unk> a"])
def test_a_control_token_in_a_text_is_told_from_the_template_s(name: str, text: str) -> None:
    tokenizer, encoder = kind_of(name)
    assert added(tokenizer, encoder.encode(prompt(text))) == OWN
    as_template = encoder.encode([LEFT, Piece(text, is_data=False), RIGHT])
    if text.split()[0] in tokenizer.get_added_vocab():
        assert len(added(tokenizer, as_template)) > len(OWN)


@pytest.mark.parametrize("name", KINDS)
def test_a_text_without_control_tokens_is_encoded_as_part_of_the_whole(name: str) -> None:
    tokenizer, encoder = kind_of(name)
    names = [token.content for token in tokenizer.added_tokens_decoder.values()]
    words = [one for one in names if one.strip()]

    @given(st.one_of(st.text(), texts_with(["\n\n", "    "])))
    @settings(deadline=None, max_examples=200)
    def holds(text: str) -> None:
        if any(word in text.lower() for word in words):
            return
        whole = tokenizer.encode(f"<|user|>{text}{RIGHT.text}", add_special_tokens=False)
        assert encoder.encode(prompt(text)) == whole

    holds()


def test_a_token_across_the_edge_of_a_text_does_not_swallow_the_template_s() -> None:
    tokenizer, encoder = kind_of("byte-level")
    left, right = Piece("<|user|>text: <", is_data=False), Piece("|><|end|>", is_data=False)
    for text in ("think>", "think> and <|user"):
        ids = encoder.encode([left, Piece(text, is_data=True), right])
        assert added(tokenizer, ids) == ["<|user|>", "<|end|>"]
        assert tokenizer.decode(ids) == left.text + text + right.text


def test_a_control_token_of_one_character_stays_one() -> None:
    tokenizer = tokenizer_of("byte-level")
    tokenizer.add_tokens(["~"])
    ids = TextEncoder(tokenizer).encode(prompt("a~b<|end|>"))
    assert added(tokenizer, ids) == ["<|user|>", "~", "<|end|>", "<|assistant|>"]
    assert tokenizer.decode(ids) == "<|user|>a~b<|end|><|end|>\n<|assistant|>"


def test_a_tokenizer_without_offsets_is_cut_by_the_names_of_its_tokens() -> None:
    tokenizer = tokenizer_of("byte-level")
    encoder = TextEncoder(_Slow(tokenizer))
    text = "a<|end|>b<think>\n\n<|end<|end|>"
    ids = encoder.encode(prompt(text))
    assert added(tokenizer, ids) == OWN
    assert tokenizer.decode(ids) == f"<|user|>{text}{RIGHT.text}"
    assert encoder.offsets("abc") == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("name", ["byte-level", "byte fallback", "unigram"])
def test_offsets_run_through_the_text_whatever_is_in_it(name: str) -> None:
    _, encoder = kind_of(name)
    text = "more<|end|> words <think>\n" * 3
    offsets = encoder.offsets(text)
    assert offsets[0][0] == 0
    assert offsets[-1][1] == len(text)
    assert len(offsets) > 3 * len("words")
    assert all(0 <= start <= end <= len(text) for start, end in offsets)


class _Slow:
    """A tokenizer that does not tell where its tokens stand."""

    is_fast = False

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.added_tokens_decoder = tokenizer.added_tokens_decoder
        self.unk_token_id = tokenizer.unk_token_id
        self.encode = tokenizer.encode


@pytest.mark.embedded
def test_the_embedded_model_s_own_tokens_are_text_in_a_text(
    embedded_models_dir: Path, listener: Listener
) -> None:
    folder = fetch(EMBEDDED["smollm2-135m"], embedded_models_dir, listener)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    task = Task((Label("yes"), Label("<|im_end|>")))
    encoder = PromptEncoder(tokenizer, task, context_window=8192)
    left, right = tokenizer.decode(encoder.prompt("qzq").ids).split("qzq")
    own = added(tokenizer, encoder.prompt("qzq").ids)
    assert len(own) == 5

    @given(texts_with([token.content for token in tokenizer.added_tokens_decoder.values()]))
    @settings(deadline=None, max_examples=200)
    def holds(text: str) -> None:
        ids = encoder.prompt(text).ids
        assert added(tokenizer, ids) == own
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == left + text + right

    holds()
