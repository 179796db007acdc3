"""One description of an explanation, which page, panel and command draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.app.pages import explanation as pages
from neufs_tui.core.explanation import Alternative, Bar
from neufs_tui.core.records import ExampleId
from neufs_tui.wording import explanation as wording
from neufs_tui.wording.explanation import NeuronRow, PushRow
from neufs_tui.wording.gap import layer_row
from tests.fakes import explanation, pool

EXAMPLES = pool(1200)
POOL = wording.Neighbours({one.id: one for one in EXAMPLES}, {})
FIRST, LAST = EXAMPLES[0].id, EXAMPLES[1199].id
KNOWN = replace(
    explanation(FIRST, (LAST,)),
    alternatives=(Alternative("random", FIRST, 0.5), Alternative("entropy", LAST, 0.694)),
)


def test_a_neuron_has_a_cell_under_each_heading() -> None:
    rows = wording.neuron_rows(KNOWN, POOL.name)
    assert rows[1] == NeuronRow(
        "L3.101", "+3.500", "8", "yes · Yes · 1 fragment", "no · 1 fragment", "#1,200", "-0.500"
    )
    assert len(rows) == len(KNOWN.neurons)
    assert len(rows[1]) == len(wording.NEURON_COLUMNS)
    assert wording.in_sets(rows[1], KNOWN.gap) == "in 8 of 200 sets · strongest in #1,200 -0.500"


def test_without_labels_a_neuron_is_strongest_nowhere() -> None:
    alone = explanation(FIRST)
    row = wording.neuron_rows(alone, POOL.name)[0]
    assert (row.nearest, row.there, row.strongest_in) == ("", "", "")
    assert wording.in_sets(row, alone.gap) == "in 1 of 200 sets"
    assert wording.in_sets(row, replace(alone.gap, n_scanned=1)) == "in 1 of 1 set"


def test_the_parts_of_the_push_end_with_the_whole() -> None:
    assert wording.push_rows(KNOWN) == [
        PushRow("the neurons above", "4", "+12.000", 12.0),
        PushRow("other gap neurons", "36", "+20.250", 20.25),
        PushRow("neurons that a label covers", "460", "+300.000", 300.0),
        PushRow("all other neurons", "45,580", "-310.500", -310.5),
        PushRow("together", "", "+21.750", 21.75),
    ]


@given(st.lists(st.integers(-9000, 9000), min_size=4, max_size=12))
def test_the_parts_of_the_push_add_up(pushes: list[int]) -> None:
    bars = tuple(Bar(f"part {place}", 1, push / 4) for place, push in enumerate(pushes))
    *parts, together = wording.push_rows(replace(KNOWN, bars=bars))
    assert sum(part.contribution for part in parts) == together.contribution


def test_what_other_rules_would_show_is_named_by_whoever_reads_it() -> None:
    def name(example_id: ExampleId) -> str:
        return "itself" if example_id == FIRST else "another"

    same, other = wording.other_rows(KNOWN, name)
    assert same == (
        FIRST,
        "random: itself — the same example",
        "the next of a fixed shuffle; entropy 0.50 nats",
        True,
    )
    assert other == (LAST, "entropy: another", "hardest first; entropy 0.69 nats", False)


def test_the_likeliest_labels_are_named() -> None:
    shares = dict.fromkeys("abcd", 0.1) | {"e": 0.25, "f\n": 0.35}
    said = wording.answers(replace(KNOWN, probabilities=shares), n_likely=3)
    assert said == "model, without labels in its prompt: f .35, e .25, a .10"


def test_the_page_says_every_row() -> None:
    page = pages.page(KNOWN, POOL, 120, why="", origin="", looked=True).plain
    assert KNOWN.overlap is not None
    said = [
        *(wording.WHY, wording.NEW, wording.STRONGEST, wording.push_heading(KNOWN.answer)),
        "".join(layer_row(KNOWN.gap)[:3]),
        wording.beside_heading(KNOWN.overlap),
        wording.shared(KNOWN.overlap),
        wording.scanned(KNOWN.gap),
        *(cell for row in wording.neuron_rows(KNOWN, POOL.name) for cell in row),
        *(str(cell) for row in wording.push_rows(KNOWN) for cell in row[:3]),
    ]
    assert [words for words in said if words not in page] == []
    others = pages.others(KNOWN, POOL, 120).plain
    for row in wording.other_rows(KNOWN, POOL.name):
        assert row.heading in others and row.note in others


def test_the_texts_in_which_a_neuron_pushes_most_are_a_line_each() -> None:
    first, _, third, _ = KNOWN.neurons
    assert wording.strongest_texts(first, POOL.examples, POOL.name) == ()
    lines = wording.strongest_texts(third, POOL.examples, POOL.name)
    assert lines == ("#5 Text number 5.", "#10 Text number 10.")


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ((" refund", " return", " refund"), "refund · return"),
        (("eshoe", "esian", "erglass"), "3 fragments"),
        ((" a", " I", "\u6b3e", "Ja", "\u200b"), "\u6b3e · Ja · 3 fragments"),
        (tuple(f" {word}" for word in ("one", "two", "six", "ten", "few", "all")),
         "one · two · six · ten · few"),
        ((), ""),
    ],
)  # fmt: skip
def test_tokens_are_shown_where_they_read_as_words_and_else_counted(
    tokens: tuple[str, ...], said: str
) -> None:
    neuron = replace(KNOWN.neurons[0], towards=tokens)
    (row, *_) = wording.neuron_rows(replace(KNOWN, neurons=(neuron,)), POOL.name)
    assert row.up == said


@given(st.text())
def test_any_token_is_a_word_or_not(token: str) -> None:
    assert wording.reads_as_word(token) in (True, False)


@pytest.mark.parametrize(
    ("where", "name", "expert"),
    [
        ({}, "L3.302", ""),
        ({"expert": 17}, "L3.e17.302", "expert 17 of layer 3"),
        ({"shared": True}, "L3.shared.302", "what every token passes in layer 3"),
    ],
)
def test_a_neuron_of_an_expert_says_which(where: dict[str, Any], name: str, expert: str) -> None:
    neuron = replace(KNOWN.neurons[0], layer=3, index=302, **where)
    (row, *_) = wording.neuron_rows(replace(KNOWN, neurons=(neuron,)), POOL.name)
    assert (row.name, wording.expert_of(neuron)) == (name, expert)
