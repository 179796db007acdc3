"""The list, by keys: search, open, change in place, many at once; flags, notes, offers."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.screens.list import ListScreen
from neufs_tui.app.screens.note import NoteScreen
from neufs_tui.app.screens.opened import OpenedScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.example_rows import ExampleRows
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.engine.protocol import AskUncertainty, Uncertainty
from tests.app.test_label_app import EXAMPLES, Session, app_on, start
from tests.fakes import LABELS, StoredWorkspace, example, pick, reason

WITHOUT, WITH = (label.name for label in LABELS)
LABEL = DecisionKind.LABEL


@asynccontextmanager
async def started() -> AsyncIterator[Session]:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        yield await start(pilot, startup)


def rows(session: Session) -> list[str]:
    """The rows of the list that are in view, as far as they are filled."""
    of = session.pilot.app.screen.query_one(ExampleRows)
    lines = [of.render_line(y).text.rstrip() for y in range(of.size.height)]
    return [line for line in lines if line]


def given(row: int, name: str) -> Decision:
    return Decision(EXAMPLES[row].id, LABEL, Answer(name))


async def typed(session: Session, text: str) -> None:
    await session.press(*({" ": "space", ":": "colon"}.get(one, one) for one in text))


async def test_the_last_but_one_is_changed_with_five_keys_and_keeps_its_place() -> None:
    async with started() as session:
        await session.press("1", "1", "1")
        before = session.workspace.done
        shown = session.text
        await session.press("slash")
        assert isinstance(session.pilot.app.screen, ListScreen)
        await session.press("down", "enter")
        assert isinstance(session.pilot.app.screen, OpenedScreen)
        assert f"you: {WITHOUT}" in session.said("#known")
        await session.press("2")
        assert isinstance(session.pilot.app.screen, ListScreen)
        assert session.said("#said").startswith(f"1 answer changed to {WITH} — u undoes")
        await session.press("escape")
        changed = Decision(before[1].example_id, LABEL, Answer(WITH))
        assert session.workspace.done == [before[0], changed, before[2]]
        assert session.text == shown
        await session.press("u")
        assert session.workspace.done == before
        assert session.text == shown


async def test_what_is_typed_narrows_and_does_nothing_else() -> None:
    async with started() as session:
        await session.press("1", "slash")
        n_all = len(EXAMPLES)
        assert session.said("#filters").rstrip().endswith(f"{n_all} examples")
        await typed(session, "number 12")
        assert [row.split()[-1] for row in rows(session)] == ["12."]
        await session.press("backspace")
        await typed(session, "q")
        assert rows(session) == []
        await session.press("enter", "tab", "down", "escape")
        assert isinstance(session.pilot.app.screen, LabelScreen)
        assert len(session.workspace.done) == 1


async def test_an_undecided_example_is_labelled_from_the_list_and_its_answer_stays_hidden() -> None:
    async with started() as session:
        await session.press("slash")
        await typed(session, "number 30")
        await session.press("enter")
        assert "not decided" in session.said("#known")
        assert "model" not in session.said("#known")
        await session.press("2")
        assert session.workspace.done == [given(29, WITH)]
        await session.press("escape")
        assert session.text == "Text number 1."


async def test_many_are_changed_at_once_after_a_count_and_undone_at_once() -> None:
    async with started() as session:
        await session.press("1", "2", "1", "space", "slash")
        await typed(session, "labelled")
        await session.press("f2")
        assert session.said("#filters").rstrip().endswith(f"3 marked · 3 of {len(EXAMPLES)}")
        await session.press("enter")
        picker = session.pilot.app.screen
        assert isinstance(picker, PickerScreen)
        asked = str(picker.query_one("Input").placeholder)  # type: ignore[attr-defined]
        assert asked == f"change 3 answers (2 {WITHOUT}, 1 {WITH}) to which label?"
        before = session.workspace.done
        await session.press("2", "enter")
        said = f"2 answers changed to {WITH}; 1 was so already — u undoes"
        assert session.said("#said").startswith(said[:60])
        assert session.said("#said").rstrip().endswith("esc, then u")
        await session.press("escape")
        assert session.said("#feedback") == said
        assert [one.answer for one in session.workspace.done] == [*[Answer(WITH)] * 3, None]
        await session.press("u")
        assert session.said("#feedback") == "undone: 2 answers given at once — r redoes"
        assert session.workspace.done == before


async def test_marks_are_taken_one_by_one_and_those_without_an_answer_are_left() -> None:
    async with started() as session:
        await session.press("1", "slash", "tab", "tab", "enter")
        asked = str(session.pilot.app.screen.query_one("Input").placeholder)  # type: ignore[attr-defined]
        assert asked.endswith("to which label?; 1 without one stay so")
        await session.press("escape", "up", "up", "tab", "enter")
        assert session.said("#said").startswith("none of the marked ones has an answer")
        assert session.workspace.done == [given(0, WITHOUT)]


async def test_flag_and_note_are_shown_beside_the_example_and_undone() -> None:
    async with started() as session:
        await session.press("f")
        assert "flagged" in session.said("#caption")
        assert session.said("#feedback").startswith("flagged #1: out of prompts and exports")
        await session.press("n")
        assert isinstance(session.pilot.app.screen, NoteScreen)
        await typed(session, "odd 1")
        await session.press("enter")
        assert "note: odd 1" in session.said("#caption")
        await session.press("n", "escape", "1", "2")
        assert "flagged" not in session.said("#caption")
        assert "1 of 16 labels" in session.said("#classes")  # the flagged one is none
        await session.press("u", "u", "u", "u")
        assert session.said("#feedback").startswith("undone: flag on #1")
        assert "flagged" not in session.said("#caption")


async def test_flag_and_note_work_on_an_opened_example_too() -> None:
    async with started() as session:
        await session.press("1", "slash", "enter", "f", "n")
        await typed(session, "why?")
        await session.press("enter")
        assert session.said("#marks").startswith("flagged · note: why?")
        await session.press("escape")
        assert " fn " in rows(session)[0]
        assert session.workspace.session.decided() == ()


async def test_the_skipped_are_brought_back() -> None:
    async with started() as session:
        await session.press("b")
        assert session.said("#feedback") == "nothing is skipped"
        await session.press("space", "space", "b")
        assert session.said("#feedback").startswith("2 skipped examples offered again")
        assert session.workspace.done == []
        await session.press("u")
        assert len(session.workspace.done) == 2


async def test_the_models_uncertainty_is_asked_for_once_and_orders_the_list() -> None:
    async with started() as session:
        await session.press("slash")
        await typed(session, "unsure")
        assert session.engine.requests.count(AskUncertainty()) == 1
        by_row = array("f", [-1.0] * len(EXAMPLES))
        by_row[17], by_row[4] = 0.9, 0.5
        await session.say(Uncertainty(by_row))
        assert [row.split()[-1] for row in rows(session)][:2] == ["18.", "5."]


async def test_a_label_key_pressed_before_the_text_is_there_does_nothing() -> None:
    async with started() as session:
        await session.press("slash")
        session.pilot.app.screen.query_one("Input")
        await session.press("enter", "z")
        assert session.workspace.done == []


async def test_texts_are_shown_as_text() -> None:
    async with started() as session:
        await session.press("slash")
        await typed(session, '"number 1.')
        (row,) = rows(session)
        assert row.endswith("Text number 1.")


async def test_an_example_is_found_by_its_number() -> None:
    async with started() as session:
        await session.press("slash", "#", "3", "0")
        (row,) = rows(session)
        assert row.endswith("Text number 30.")


async def test_marks_that_are_not_listed_are_told() -> None:
    async with started() as session:
        await session.press("1", "1", "slash", "tab", "tab")
        await typed(session, "number 30")
        assert "2 marked (2 not listed)" in session.said("#filters")
        await session.press("enter")
        asked = str(session.pilot.app.screen.query_one("Input").placeholder)  # type: ignore[attr-defined]
        assert "2 not listed now" in asked


async def test_a_label_that_there_is_none_of_is_told() -> None:
    async with started() as session:
        await session.press("slash")
        await typed(session, "label:foo")
        assert session.said("#said").startswith("no label begins with 'foo'")
        await session.press("backspace", "backspace", "backspace")
        await typed(session, "without")
        assert session.said("#said").strip() == ""


async def test_a_key_that_no_label_has_is_told() -> None:
    async with started() as session:
        await session.press("9")
        assert session.said("#feedback") == "no label has the key 9"
        assert session.labels == []


async def test_a_text_without_anything_to_see_says_so() -> None:
    blank = example(0, " \u200b\n")
    app, startup = app_on(StoredWorkspace((blank, *EXAMPLES[1:])))
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(session.engine.rank(pick=pick(blank, why=reason())))
        assert session.text == "(nothing that could be seen)"
