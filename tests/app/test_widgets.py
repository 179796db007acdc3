"""The label list's plan, the picker's narrowing, the gate for early keys, the gap's lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from neufs_tui.app.gate import Gate
from neufs_tui.app.pages.explanation import page as explained_page
from neufs_tui.app.screens.picker import matching
from neufs_tui.app.widgets.label_list import LabelList, Plan, plan
from neufs_tui.app.widgets.reason_panel import gap_lines
from neufs_tui.core.records import Label
from neufs_tui.wording.explanation import Neighbours, sentence
from tests.fakes import explanation, pool

LABELS = (
    Label("Card lost", "the card cannot be found"),
    Label("Lost [b]PIN[/b]", "a number was forgotten"),
    Label("Transfer", "money was lost on its way"),
)


@pytest.mark.parametrize(
    ("n_labels", "width", "max_rows", "expected"),
    [
        (2, 76, 7, Plan(columns=1, rows=2, n_shown=2)),
        (7, 76, 7, Plan(columns=1, rows=7, n_shown=7)),
        (12, 76, 7, Plan(columns=2, rows=6, n_shown=12)),
        (12, 50, 7, Plan(columns=1, rows=7, n_shown=6)),
        (77, 76, 10, Plan(columns=2, rows=10, n_shown=19)),
        (12, 56, 3, Plan(columns=2, rows=3, n_shown=5)),
    ],
)
def test_labels_are_fitted_or_counted(
    n_labels: int, width: int, max_rows: int, expected: Plan
) -> None:
    assert plan(n_labels, min(n_labels, 29), width=width, max_rows=max_rows) == expected


def test_labels_past_the_last_key_are_counted_not_shown() -> None:
    assert plan(40, 29, width=200, max_rows=40) == Plan(columns=2, rows=15, n_shown=29)


class OneList(App[None]):
    def compose(self) -> ComposeResult:
        yield LabelList()


async def test_a_label_keeps_its_key_whatever_the_window_and_however_many_are_shown() -> None:
    app = OneList()
    async with app.run_test(size=(80, 24)) as pilot:
        widget = app.query_one(LabelList)
        widget.labels = tuple(Label(f"label {n}") for n in range(77))
        widget.max_rows = 3
        await pilot.pause()
        assert "l  72 more" in str(widget.render())
        keys = widget.key_of()
        assert list(keys.values()) == [f"label {n}" for n in range(18)]
        for width, max_rows in ((160, 20), (50, 2), (76, 10)):
            await pilot.resize_terminal(width, 50)
            widget.max_rows = max_rows
            await pilot.pause()
            assert widget.key_of() == keys
        widget.labels = LABELS
        assert widget.key_of() == {"1": "Card lost", "2": "Lost [b]PIN[/b]", "3": "Transfer"}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["Card lost", "Lost [b]PIN[/b]", "Transfer"]),
        ("LOST", ["Lost [b]PIN[/b]", "Card lost", "Transfer"]),
        (" number ", ["Lost [b]PIN[/b]"]),
        ("zebra", []),
    ],
)
def test_typed_letters_narrow_the_labels(typed: str, names: list[str]) -> None:
    assert [label.name for label in matching(LABELS, typed)] == names


def test_words_are_found_wherever_they_stand_in_a_name() -> None:
    names = ("pending_card_payment", "card_arrival", "pay_by_card")
    found = matching([Label(name) for name in names], "card pay")
    assert [label.name for label in found] == ["pending_card_payment", "pay_by_card"]


def test_a_key_counts_only_once_the_picture_is_painted() -> None:
    gate = Gate()
    assert not gate.admits(10.0)
    gate.open(painted_at=10.5)
    assert not gate.admits(10.4)
    assert gate.take_early() == 2
    assert gate.take_early() == 0
    assert gate.admits(10.5)
    assert gate.seconds(12.0) == 1.5
    gate.shut()
    assert not gate.admits(12.0)
    assert gate.seconds(12.0) is None


EXAMPLES = pool(1200)
NAMES = Neighbours({one.id: one for one in EXAMPLES}, {})
EXPLAINED = explanation(EXAMPLES[0].id, (EXAMPLES[1199].id,))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (56, ""),
        (76, "strongest in #1,200"),
        (100, "strongest in #1,200 -0.500"),
    ],
)
def test_a_neuron_of_the_gap_says_as_much_as_there_is_room_for(width: int, expected: str) -> None:
    said = gap_lines(EXPLAINED, NAMES, width, 4)[3].plain
    columns = [part.strip() for part in said.split("  ") if part.strip()]
    tokens = ["up ·yes Yes \\n", "down <b> ·no"]
    assert columns == ["L3.101", "+3.500", *tokens, *filter(None, [expected])]


TOKENS = st.lists(st.text(max_size=12), max_size=5).map(tuple)


@given(st.integers(56, 200), TOKENS, TOKENS, st.lists(st.integers(0, 900), min_size=1, max_size=99))
def test_the_gaps_lines_fit_whatever_the_tokens_and_layers(
    width: int, towards: tuple[str, ...], away: tuple[str, ...], by_layer: list[int]
) -> None:
    neuron = replace(EXPLAINED.neurons[0], layer=98, index=24_575, towards=towards, away=away)
    gap = replace(EXPLAINED.gap, by_layer=tuple(by_layer))
    lines = gap_lines(replace(EXPLAINED, neurons=(neuron,), gap=gap), NAMES, width, 6)
    assert len(lines) == 3
    assert all(line.cell_length <= width and "\n" not in line.plain for line in lines)


def test_an_example_without_a_gap_says_so() -> None:
    gap = replace(EXPLAINED.gap, size=0, by_layer=(0, 0, 0))
    lines = gap_lines(replace(EXPLAINED, neurons=(), gap=gap), NAMES, 76, 6)
    assert [line.plain for line in lines] == [
        "none of its 500 neurons is new to your labelled example",
        "median 12; rank 3 of 180",
    ]


LABELLED = tuple(one.id for one in EXAMPLES[1:32])


@pytest.mark.parametrize(
    ("n_labelled", "n_unscanned", "size", "expected"),
    [
        (0, 0, 500, "all of its 500 neurons are new: nothing is labelled yet"),
        (0, 31, 500, "all of its 500 neurons are new: no labelled example was scanned yet"),
        (1, 0, 1, "1 of its 500 neurons is new to your labelled example"),
        (5, 26, 73, "73 of its 500 neurons are new to 5 of your 31 labelled examples"),
        (31, 0, 0, "none of its 500 neurons is new to your 31 labelled examples"),
    ],
)
def test_a_gap_is_said_with_the_labels_it_was_counted_over_the_same_everywhere(
    n_labelled: int, n_unscanned: int, size: int, expected: str
) -> None:
    known = replace(
        EXPLAINED,
        labelled=LABELLED[:n_labelled],
        n_unscanned=n_unscanned,
        gap=replace(EXPLAINED.gap, size=size),
    )
    beside = "median 12; rank 3 of 180" if n_labelled else ""
    said, *rest = [line.plain for line in gap_lines(known, NAMES, 76, 6)]
    assert said == expected
    assert ("median" in " ".join(rest)) == bool(beside)
    in_full = sentence(known)
    assert in_full.lower() == f"{expected}{f' ({beside})' if beside else ''}.".lower()
    page = explained_page(known, NAMES, 88, why="", origin="", looked=False).plain
    assert page.count(in_full) == 1
