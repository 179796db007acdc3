"""Each widget alone; the label list's plan, the picker's narrowing, the gate, the gap's line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widget import Widget

from neufs_tui.app.gate import Gate
from neufs_tui.app.pages.explanation import page as explained_page
from neufs_tui.app.screens.picker import matching
from neufs_tui.app.widgets.bar import KeyBar
from neufs_tui.app.widgets.class_balance import ClassBalance, balance, bar
from neufs_tui.app.widgets.example_view import ExampleView
from neufs_tui.app.widgets.foot import Foot
from neufs_tui.app.widgets.label_list import LabelList, Plan, fitted, plan
from neufs_tui.app.widgets.reason_panel import gap_line
from neufs_tui.app.widgets.status_bar import StatusBar
from neufs_tui.core.records import Label
from neufs_tui.labelling.shown import Shown
from neufs_tui.wording.explanation import Neighbours
from neufs_tui.wording.gap import fullest_layers, sentence
from neufs_tui.wording.status import StatusLines
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
        (12, 50, 7, Plan(columns=2, rows=6, n_shown=12)),
        (12, 40, 7, Plan(columns=1, rows=7, n_shown=6)),
        (77, 76, 10, Plan(columns=3, rows=10, n_shown=29)),
        (12, 56, 3, Plan(columns=2, rows=3, n_shown=5)),
        (151, 154, 19, Plan(columns=6, rows=19, n_shown=113)),
        (151, 200, 19, Plan(columns=8, rows=19, n_shown=151)),
        (40, 200, 38, Plan(columns=2, rows=20, n_shown=40)),
    ],
)
def test_labels_are_fitted_or_counted(
    n_labels: int, width: int, max_rows: int, expected: Plan
) -> None:
    assert plan(n_labels, cell=21, width=width, max_rows=max_rows) == expected


@given(st.integers(1, 200), st.integers(10, 60), st.integers(40, 200), st.integers(3, 20))
def test_every_label_is_shown_or_counted_and_none_takes_more_room_than_there_is(
    n_labels: int, cell: int, width: int, max_rows: int
) -> None:
    found = plan(n_labels, cell=cell, width=width, max_rows=max_rows)
    n_cells = found.n_shown + (found.n_shown < n_labels)
    assert found.rows <= max_rows
    assert found.columns * (found.rows - 1) < n_cells <= found.columns * found.rows
    assert found.columns <= 2 or found.columns * (cell + 4) - 4 <= width


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
        assert "l  63 more" in str(widget.render())
        keys = widget.key_of()
        assert list(keys.values()) == [f"label {n}" for n in range(18)]
        for width, max_rows in ((160, 20), (50, 2), (76, 10)):
            await pilot.resize_terminal(width, 50)
            widget.max_rows = max_rows
            await pilot.pause()
            assert widget.key_of() == keys
        widget.labels = LABELS
        assert widget.key_of() == {"1": "Card lost", "2": "Lost [b]PIN[/b]", "3": "Transfer"}


async def test_definitions_stand_whole_beside_the_names_as_far_as_there_are_lines() -> None:
    widget = LabelList()
    app = Alone(widget)
    async with app.run_test(size=(40, 24)) as pilot:
        widget.labels = (
            Label("ham", "a message from one person to another"),
            Label("spam", "advertising, prizes, paid numbers; anything sent to many"),
            Label("other"),
        )
        await pilot.pause()
        lines = [line.rstrip() for line in app.said("LabelList").splitlines()]
        assert lines == [
            "1  ham    a message from one person to",
            "          another",
            "2  spam   advertising, prizes, paid",
            "          numbers; anything sent to many",
            "3  other",
        ]
        assert widget.size.height == 5
        widget.max_rows = 4
        await pilot.pause()
        assert [line.rstrip() for line in app.said("LabelList").splitlines()] == [
            "1  ham    a message from one person to…",
            *lines[2:],
        ]
        widget.max_rows = 3
        await pilot.pause()
        assert app.said("LabelList").splitlines()[1].endswith("paid num…")


@given(
    st.lists(st.text(st.sampled_from("ab 日é"), max_size=60), min_size=1, max_size=8),
    st.integers(10, 40),
    st.integers(1, 20),
)
def test_texts_are_wrapped_into_the_lines_there_are(
    texts: list[str], width: int, max_lines: int
) -> None:
    found = fitted(texts, width, max_lines)
    assert len(found) == len(texts)
    assert all(found) and sum(map(len, found)) <= max(max_lines, len(texts))
    assert all(cell_len(line) <= width for lines in found for line in lines)
    whole = fitted(texts, width, 1_000)
    if sum(map(len, whole)) <= max_lines:
        assert found == whole
        assert ["".join(text.split()) for text in texts] == [
            "".join("".join(lines).split()) for lines in whole
        ]


COUNTS = {"ham": 15, "spam": 1, "smishing": 0}


@pytest.mark.parametrize(
    ("counts", "width", "expected"),
    [
        (COUNTS, 60, f"ham 15 {'█' * 15}   spam 1 █   smishing 0"),
        (COUNTS, 36, "ham 15 █████   spam 1 █   smishing 0"),
        (COUNTS, 28, "ham 15   spam 1   smishing 0"),
        (COUNTS, 27, "2 of 3 classes seen"),
        ({f"class {n}": n for n in range(40)}, 60, "39 of 40 classes seen"),
        ({f"class {n}": n + 2 for n in range(40)}, 60, "40 classes, 2 or more of each"),
        ({f"class {n}": 0 for n in range(40)}, 60, ""),
    ],
)
def test_the_balance_of_classes_fits(counts: dict[str, int], width: int, expected: str) -> None:
    assert balance(counts, width).plain == expected


async def test_the_second_line_drops_what_has_no_room_beside_the_classes() -> None:
    widget = ClassBalance()
    app = Alone(widget)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        assert app.said("ClassBalance") == ""
        widget.counts, widget.right = COUNTS, ("16 of 24 labels", "1,178 left", "2 skipped")
        await pilot.pause()
        assert app.said("ClassBalance").startswith("ham 15 ")
        assert app.said("ClassBalance").endswith("  16 of 24 labels · 1,178 left")


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(1, 20))
def test_a_bar_fits_and_is_there_for_any_label(n: int, more: int, cells: int) -> None:
    length = len(bar(n, max(1, n + more), cells))
    assert length <= cells and (length > 0) == (n > 0)


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


@given(st.integers(20, 200), st.lists(st.integers(0, 900), min_size=1, max_size=99))
def test_the_gaps_line_fits_whatever_the_layers(width: int, by_layer: list[int]) -> None:
    gap = replace(EXPLAINED.gap, by_layer=tuple(by_layer))
    line = gap_line(replace(EXPLAINED, gap=gap), width)
    assert line.cell_length <= width and "\n" not in line.plain


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_the_layers_named_are_the_fewest_that_have_half_of_the_gap(by_layer: list[int]) -> None:
    first, last = fullest_layers(tuple(by_layer))
    n = last - first + 1
    assert 2 * sum(by_layer[first : last + 1]) >= sum(by_layer)
    shorter = [sum(by_layer[at : at + n - 1]) for at in range(len(by_layer))] if n > 1 else []
    assert all(2 * some < sum(by_layer) for some in shorter)


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
        n_labelled=n_labelled,
        n_unscanned=n_unscanned,
        gap=replace(EXPLAINED.gap, size=size),
    )
    beside = "median 12; rank 3 of 180" if n_labelled else ""
    brief = f"gap {size} of 500 neurons, most in " if n_labelled and size else expected
    assert gap_line(known, 76).plain.startswith(brief)
    in_full = sentence(known)
    assert in_full.lower() == f"{expected}{f' ({beside})' if beside else ''}.".lower()
    page = explained_page(known, NAMES, 88, why="", origin="", looked=False).plain
    assert page.count(in_full) == 1


class Alone(App[None]):
    """One widget, and nothing else to find."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget

    def said(self, selector: str) -> str:
        return str(self.query_one(selector).render()).rstrip()


async def test_the_status_bar_shows_the_lines_it_is_given() -> None:
    bar = StatusBar()
    app = Alone(bar)
    async with app.run_test(size=(60, 10)) as pilot:
        bar.lines = StatusLines(("3 labels",), ("all 12 read", "1 text cut"), "engine off")
        await pilot.pause()
        assert app.said("StatusBar").split("  ")[0] == "all 12 read · 1 text cut"
        assert app.said("StatusBar").endswith("  engine off")


async def test_the_line_of_keys_leaves_out_what_is_least_missed() -> None:
    bar = KeyBar()
    app = Alone(bar)
    async with app.run_test(size=(30, 10)) as pilot:
        bar.keys = (("u", "undo"), ("g", "hunt"), ("f", "flag"), ("?", "help"), ("q", "quit"))
        await pilot.pause()
        assert app.said("KeyBar") == "u undo   ? help   q quit"
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert app.said("KeyBar") == "u undo   g hunt   f flag   ? help   q quit"


async def test_the_foot_answers_in_as_many_lines_as_it_always_has() -> None:
    foot = Foot()
    app = Alone(foot)
    async with app.run_test(size=(60, 10)) as pilot:
        foot.name_keys((("u", "undo"), ("space", "skip")))
        foot.tell_example(is_shown=False)
        foot.say("done")
        foot.say_early(2)
        foot.say_early(1)
        await pilot.pause()
        assert app.said("#feedback") == "done · 3 keys came too early and did nothing"
        assert app.said("#keys") == "u undo"
        height = foot.size.height
        foot.say("more than fits " * 12)
        foot.tell_example(is_shown=True)
        await pilot.pause()
        assert foot.size.height == height == 4
        assert not app.query_one("#keys").display
        foot.tell(StatusLines((), ("all 12 read",), "drawn at random"))
        for n_times, in_full, is_cut, expected in (
            (14, True, False, [4, 0]),
            (40, True, True, [4, 0]),
            (40, False, True, [3, 1]),
        ):
            foot.say("more than fits " * n_times, in_full=in_full)
            await pilot.pause()
            heights = [app.query_one(one).size.height for one in ("#feedback", "#status")]
            assert foot.size.height == height and heights == expected
            assert app.said("#feedback").endswith("…") is is_cut
        foot.say("[b]as it is[/b]")
        await pilot.pause()
        assert app.said("#feedback") == "[b]as it is[/b]"
        assert app.said("#keys") == "u undo   space skip"


async def test_an_example_is_shown_with_what_it_is_given() -> None:
    view = ExampleView(LabelList(), id="example")
    app = Alone(view)
    async with app.run_test(size=(80, 24)) as pilot:
        view.show(Shown(EXAMPLES[0], None), "Because.", n_pool=1200)
        view.explain(EXPLAINED)
        await pilot.pause()
        assert app.said("#text > *") == EXAMPLES[0].text
        assert app.said("#caption").startswith("#1 of 1,200")
        assert app.said("#why") == "Because."
        assert app.said("#gap").startswith("gap 40 of 500 neurons, most in layers 5–6")


async def test_the_label_list_leaves_out_the_keys_that_commands_have() -> None:
    widget = LabelList()
    app = Alone(widget)
    async with app.run_test(size=(80, 24)) as pilot:
        widget.labels = tuple(Label(f"label {place}") for place in range(1, 13))
        await pilot.pause()
        before = widget.key_of()
        widget.taken = frozenset({"a", "f9", "u"})
        widget.find_key, widget.max_rows = "f9", 2
        await pilot.pause()
        after = widget.key_of()
        assert {**before, **after}.keys() - after.keys() == {"a"}
        assert {key: after[key] for key in "1234567890"} == {
            key: before[key] for key in "1234567890"
        }
        assert after["d"] == "label 11" == before["a"]
        assert "f9  3 more" in app.said("LabelList")
