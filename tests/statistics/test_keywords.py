"""Words that tell texts from a pool."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.statistics.keywords import Keywords, words

COMMON = [f"word{n}" for n in range(60)]


def texts(seed: int, n: int, topic: tuple[str, ...] = ()) -> list[str]:
    """Every text of common words, with all of a topic's in each."""
    rng = random.Random(seed)
    return [" ".join([*rng.choices(COMMON, k=12), *topic]) for _ in range(n)]


@given(st.integers(0, 10**6), st.integers(12, 20), st.integers(100, 300))
@settings(max_examples=25, deadline=None)
def test_a_topic_is_told_by_its_words(seed: int, n_inside: int, n_others: int) -> None:
    found = Keywords(texts(seed, n_others) + texts(seed + 1, n_inside, ("win", "prize", "claim")))
    inside = range(n_others, n_others + n_inside)
    assert {*found.of(inside, 3)} == {"win", "prize", "claim"}
    assert len(found.of(inside, 2)) == 2


def test_texts_drawn_at_random_seldom_have_any() -> None:
    pool = Keywords(texts(0, 300))
    drawn = [random.Random(seed).sample(range(300), 17) for seed in range(200)]
    assert sum(bool(pool.of(places, 4)) for places in drawn) <= 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't WIN £150 — it's a PRIZE!", {"don't", "win", "150", "it's", "prize"}),
        ("a b_c 日本語 naïve", {"日本語", "naïve"}),
        ("", set()),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, expected: set[str]) -> None:
    assert words(text) - {"b_c"} == expected


def test_all_texts_and_a_single_one_have_none() -> None:
    pool = Keywords(["one two", "two three"])
    assert pool.of([0, 1], 4) == pool.of([0], 4) == pool.of([], 4) == ()
