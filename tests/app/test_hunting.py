"""The hunt and the page of suggestions, by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from textual.events import Key
from textual.widgets import OptionList

from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.screens.suggestions import SuggestionsScreen
from neufs_tui.core.records import HUNT, Answer, Decision, DecisionKind
from neufs_tui.engine.protocol import EngineDied, Focus, Suggest, Suggested, Suggestion
from tests.app.test_label_app import EXAMPLES, Session, app_on, start
from tests.fakes import LABELS, pick, reason, settled

WITHOUT, WITH = (label.name for label in LABELS)
HUNTED = replace(
    pick(EXAMPLES[40], why=reason(strategy=HUNT, label=WITH, score=0.93)),
    estimate={WITHOUT: 0.07, WITH: 0.93},
)


@asynccontextmanager
async def started(*, rank: bool = True) -> AsyncIterator[Session]:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        yield await start(pilot, startup, rank=rank)


def suggested(session: Session, *rows: int, label: str | None = WITH) -> Suggested:
    found = tuple(Suggestion(EXAMPLES[at].id, 0.99 - at / 1000) for at in rows)
    return Suggested(session.engine.focus.revision, label, found)


async def test_the_hunt_key_asks_for_a_label_and_begins_at_the_one_given_least() -> None:
    async with started() as session:
        await session.press("1", "g")
        assert isinstance(session.pilot.app.screen, PickerScreen)
        assert session.pilot.app.screen.query_one(OptionList).highlighted == 1
        await session.press("enter")
        assert session.engine.focus == Focus(
            1, (Decision(EXAMPLES[0].id, DecisionKind.LABEL, Answer(WITHOUT)),), None, hunted=WITH
        )
        assert f"hunting {WITH}: g leaves" in session.said("#header")
        assert session.said("#feedback").endswith("g or esc leaves")
        await session.say(session.engine.rank(pick=HUNTED))
        assert session.text == "Text number 41."
        assert f"Likely {WITH}: .93 by your labels." in session.said("#why")
        assert f"hunting {WITH}" in session.said("#header")
        await session.press("2")
        assert session.workspace.done[-1] == Decision(
            EXAMPLES[40].id, DecisionKind.LABEL, Answer(WITH), hunted=True
        )


async def test_a_labels_key_may_be_typed_where_no_label_holds_it() -> None:
    async with started() as session:
        await session.press("g", "1", "enter")
        assert session.engine.focus.hunted == WITHOUT


async def test_the_hunt_key_or_escape_leaves_and_escape_does_nothing_else() -> None:
    async with started() as session:
        await session.press("escape")
        assert session.text == "Text number 1."
        for key in ("g", "escape"):
            await session.press("g", "enter", key)
            assert session.engine.focus.hunted is None
            assert "hunting" not in session.said("#header")
            assert session.said("#feedback").startswith("hunt left")
        await session.press("g", "escape")
        assert isinstance(session.pilot.app.screen, LabelScreen)
        assert session.engine.focus.hunted is None
        assert session.labels == []


async def test_before_anything_is_ranked_or_without_an_engine_there_is_no_hunt() -> None:
    async with started(rank=False) as session:
        await session.press("g")
        assert session.said("#feedback").startswith("a hunt can begin once")
    async with started() as session:
        await session.press("g", "enter")
        await session.say(EngineDied("the engine was killed", restarting=False))
        assert "hunting" not in session.said("#header")
        await session.press("g")
        assert session.said("#feedback").startswith("a hunt can begin once")
        await session.press("v")
        assert session.said("#feedback") == "without the model nothing can be suggested"


async def test_a_page_of_suggestions_is_accepted_corrected_and_undone_at_once() -> None:
    async with started() as session:
        await session.press("v")
        assert session.engine.requests[-1] == Suggest(None, 10)
        await session.say(suggested(session, 10, 11, 12, 13))
        screen = session.pilot.app.screen
        assert isinstance(screen, SuggestionsScreen)
        assert "4 of 4 to accept" in session.said("#title")
        assert session.said("#rows").split("\n")[0] == "› ✓  .98  Text number 11."
        await session.press("down", "space", "down", "1", "up", "up", "up")
        assert session.said("#rows").split("\n") == [
            "› ✓  .98  Text number 11.",
            "     .98  Text number 12.",
            f"  →  .98  {WITHOUT}  Text number 13.",
            "  ✓  .98  Text number 14.",
        ]
        assert "2 of 4 to accept · 1 to label otherwise" in session.said("#title")
        assert session.said("#whole > *") == "Text number 11."
        await session.press("enter")
        assert isinstance(session.pilot.app.screen, LabelScreen)
        first, last = (
            Decision(EXAMPLES[at].id, DecisionKind.ACCEPT, Answer(WITH)) for at in (10, 13)
        )
        corrected = Decision(EXAMPLES[12].id, DecisionKind.LABEL, Answer(WITHOUT), hunted=True)
        assert session.workspace.done == [first, corrected, last]
        assert session.text == "Text number 1."
        said = f"accepted 2 as {WITH}, apart from labels; labelled 1 otherwise — u undoes"
        assert session.said("#feedback") == said
        assert "2 accepted" in session.said("#status")
        assert "1 of 16 labels" in session.said("#classes")
        await session.press("u")
        assert session.workspace.done == []
        assert session.said("#feedback") == "undone: 3 answers given at once — r redoes"
        await session.press("r")
        assert session.workspace.done == [first, corrected, last]
        await session.press("1")
        assert session.labels[-1] == (0, WITHOUT)


async def test_a_page_that_is_left_changes_nothing() -> None:
    async with started() as session:
        for key in ("escape", "v", "q"):
            await session.press("v")
            await session.say(suggested(session, 10, 11))
            await session.press("space", key)
            assert isinstance(session.pilot.app.screen, LabelScreen)
        await session.press("v")
        await session.say(suggested(session, 10))
        await session.press("space", "enter")
        assert session.said("#feedback") == "nothing accepted"
        assert session.workspace.done == []


async def test_where_nothing_is_certain_one_sentence_says_so() -> None:
    async with started() as session:
        await session.press("v")
        await session.say(suggested(session, label=None))
        assert isinstance(session.pilot.app.screen, LabelScreen)
        assert session.said("#feedback") == (
            "no example is certain enough by your labels yet: .90 is asked"
        )


async def test_suggestions_that_come_after_another_key_open_nothing() -> None:
    async with started() as session:
        await session.press("v")
        late = suggested(session, 10, 11)
        await session.press("1")
        await session.say(late, suggested(session, 10))
        assert isinstance(session.pilot.app.screen, LabelScreen)
        await session.press("v", "question_mark")
        await session.say(suggested(session, 10))
        assert not isinstance(session.pilot.app.screen, SuggestionsScreen)


async def test_keys_read_before_the_page_was_there_neither_accept_nor_correct() -> None:
    async with started() as session:
        await session.press("v")
        early = [Key("enter", "\r"), Key("1", "1")]
        await session.say(suggested(session, 10, 11))
        for key in early:
            session.send(key)
        await settled(session.pilot)
        assert isinstance(session.pilot.app.screen, SuggestionsScreen)
        assert "2 of 2 to accept" in session.said("#title")
        assert session.workspace.done == []
