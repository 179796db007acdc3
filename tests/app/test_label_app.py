"""Keys, store and display together, on an engine that says what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input, Static

from neufs_tui.app.main import LabelApp
from neufs_tui.app.messages import EngineReported, PoolChanged
from neufs_tui.app.screens.help import HelpScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.screens.why import OthersScreen, WhyScreen
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.counts import Counts
from neufs_tui.core.draws import draw_reason, drawn
from neufs_tui.core.explanation import Alternative, Word
from neufs_tui.core.records import Answer, Decision, DecisionKind, Example, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineDied,
    EngineFailed,
    Event,
    Explain,
    Explained,
    FindWords,
    Noticed,
    Rescored,
    ScanProgressed,
    WordsFound,
)
from neufs_tui.errors import EngineError, NeufsError, PoolError, SessionError
from neufs_tui.labelling.pool_file import PoolNow
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.first_text import FirstText
from neufs_tui.statistics.stability import Change
from neufs_tui.storage.given_labels import Matched
from neufs_tui.storage.pool_changes import PoolChanges
from neufs_tui.storage.stored_json import PoolRecord
from tests.fakes import (
    IDENTITY,
    LABELS,
    READY,
    FakeEngine,
    FakePoolFile,
    FakeStartup,
    StoredWorkspace,
    example,
    explanation,
    opened,
    pick,
    pool,
    reason,
    settled,
)

LABEL_NAME = "With Explanation"
EXAMPLES = pool(100)
PICKS = tuple(pick(e, why=reason()) for e in EXAMPLES)


class Session:
    """An app on fakes, started, with its first example shown if there is a ranking."""

    def __init__(
        self,
        pilot: Pilot[None],
        workspace: StoredWorkspace,
        engine: FakeEngine,
    ) -> None:
        self.pilot = pilot
        self.workspace = workspace
        self.engine = engine

    @property
    def labels(self) -> list[tuple[int, str | None]]:
        rows = {e.id: e.row for e in self.workspace.examples.values()}
        done = self.workspace.done
        return [(rows[d.example_id], d.answer and d.answer.text) for d in done]

    def said(self, selector: str) -> str:
        widget = self.pilot.app.screen.query_one(selector)
        return str(widget.render())

    @property
    def text(self) -> str:
        return str(self.pilot.app.screen.query_one("#text > *", Static).render())

    async def say(self, *events: Event) -> None:
        self.engine.say(*events)
        await settled(self.pilot)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await settled(self.pilot)

    def send_keys(self, keys: str) -> None:
        """Put keys into the queue at once, as a paste into the terminal does."""
        for key in keys:
            self.send(Key(key, key))

    def send(self, key: Key) -> None:
        driver = self.pilot.app._driver
        assert driver is not None
        driver.send_message(key)


async def until(pilot: Pilot[None], is_reached: Callable[[], bool]) -> None:
    """Wait until what a thread has to say has come, and is painted."""
    while not is_reached():
        await pilot.pause()


async def start(pilot: Pilot[None], startup: FakeStartup, *, rank: bool = True) -> Session:
    await opened(pilot)
    session = Session(pilot, startup.workspace, startup.engine)
    if rank:
        await session.say(startup.engine.rank(pick=PICKS[0], queue=PICKS[1:]))
        await session.say(startup.engine.rank(after_label=PICKS[1], queue=PICKS[1:]))
    return session


def app_on(workspace: StoredWorkspace | None = None) -> tuple[LabelApp, FakeStartup]:
    startup = FakeStartup(workspace or StoredWorkspace(EXAMPLES))
    return LabelApp(startup), startup


async def test_a_label_key_goes_to_the_store_before_the_display() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        assert session.text == "Text number 1."
        await session.press("2")
        assert session.labels == [(0, "With Explanation")]
        assert session.text == "Text number 2."
        said = "#1 you: With Explanation · model: Without Explanation .60 — u undoes"
        assert session.said("#feedback") == said
        assert "1 of 16 labels · 99 left" in session.said("#classes")
        assert startup.workspace.calls[-3:] == ["set_shown", "record", "set_shown"]
        assert startup.workspace.seconds[0] is not None
        assert session.engine.focus.shown == EXAMPLES[1].id
    given = {"Without Explanation": 0, "With Explanation": 1}
    assert app.summary == Counts(pool=100, labelled=1, skipped=0, by_label=given, n_classes=2)


async def test_engine_events_arrive_as_messages() -> None:
    seen: list[type[Event]] = []

    def hook(message: Message) -> None:
        if isinstance(message, EngineReported):
            seen.append(type(message.event))

    app, startup = app_on()
    async with app.run_test(message_hook=hook) as pilot:
        session = await start(pilot, startup)
        await session.say(READY)
        assert READY.__class__ in seen
        assert startup.workspace.ready == IDENTITY
        assert session.said("#header").endswith("smollm2-135m · cpu · float32")


async def test_keys_dropped_one_after_another_are_counted_together() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await pilot.press("1")
        await pilot.pause()
        for _ in range(3):
            early = Key("1", "1")
            early.time = 0.0  # read long before the display on the screen was painted
            session.send(early)
        await settled(pilot)
        said = session.said("#feedback")
        assert said.endswith("u undoes · 3 keys came too early and did nothing")
        assert session.labels == [(0, "Without Explanation")]


async def test_fifty_keys_at_once_label_one_example_and_say_so() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        session.send_keys("1" * 50)
        await settled(pilot)
        assert session.labels == [(0, "Without Explanation")]
        assert "49 keys came too early and did nothing" in session.said("#feedback")
        await session.press("2")
        assert session.labels[1:] == [(1, "With Explanation")]


async def test_keys_before_the_first_paint_do_nothing() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        startup.engine.say(startup.engine.rank(pick=PICKS[0]))
        session.send_keys("1")
        await pilot.pause()
        assert session.labels == []
        assert session.text == "Text number 1."


async def test_undo_typed_ahead_does_nothing_and_undo_after_the_paint_does() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        session.send_keys("1u")
        await settled(pilot)
        assert session.labels == [(0, "Without Explanation")]
        await session.press("u")
        assert session.labels == []
        assert session.text == "Text number 1."
        assert session.said("#feedback") == "undone: Without Explanation on #1 — r redoes"
        await session.press("r")
        assert session.labels == [(0, "Without Explanation")]
        assert session.text == "Text number 2."
        await session.press("backspace", "backspace")
        assert session.said("#feedback") == "nothing to undo"


async def test_space_skips_and_other_keys_do_nothing() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("3", "z", "space")
        assert startup.workspace.done == [Decision(EXAMPLES[0].id, DecisionKind.SKIP)]


async def test_a_full_disk_is_told_and_nothing_moves() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        startup.workspace.full = True
        await session.press("1")
        assert session.text == "Text number 1."
        assert session.said("#feedback").startswith("The session cannot be written")
        startup.workspace.full = False
        await session.press("1")
        assert session.labels == [(0, "Without Explanation")]


async def test_the_picker_labels_the_example_it_was_opened_for() -> None:
    labels = tuple(Label(f"label {n}") for n in range(40))
    app, startup = app_on(StoredWorkspace(EXAMPLES, labels=labels))
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("l")
        assert isinstance(app.screen, PickerScreen)
        await session.press("3", "3")
        assert app.screen.query_one(Input).value == "33"
        await session.press("enter")
        assert session.labels == [(0, "label 33")]
        await session.press("l", "escape")
        assert session.labels == [(0, "label 33")]
        await session.press("l", "down", "enter")
        assert session.labels[1:] == [(1, "label 1")]


async def test_keys_typed_while_the_picker_opens_do_not_label() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        session.send_keys("l1")
        await pilot.pause()
        assert isinstance(app.screen, PickerScreen)
        assert session.labels == []


async def test_help_opens_and_closes() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        for key in ("question_mark", "f1"):
            await session.press(key)
            assert isinstance(app.screen, HelpScreen)
            await session.press("1", "down", "escape")
            assert not isinstance(app.screen, HelpScreen)
        assert session.labels == []


async def test_why_asks_the_engine_and_shows_no_answer_of_the_model() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("w")
        assert isinstance(session.pilot.app.screen, WhyScreen)
        asked = session.engine.requests[-1]
        assert isinstance(asked, Explain)
        assert asked.example_id == session.engine.focus.shown
        assert "Asking the model" in session.said("#page > *")
        other = explanation(EXAMPLES[40].id)
        await session.say(Explained(EXAMPLES[40].id, other))
        assert "Asking the model" in session.said("#page > *")
        await session.say(Explained(asked.example_id, explanation(asked.example_id)))
        page = session.said("#page > *")
        assert "nothing is labelled yet" in page and "L3.101" in page
        assert "With" not in page
        await session.press("1")
        assert session.labels == []
        await session.press("w")
        await session.press("1")
        assert len(session.labels) == 1


async def test_the_gap_appears_under_the_reason_and_nothing_else_moves() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        before = app.screen.query_one("#labels").region
        assert session.said("#gap") == ""
        await session.say(Explained(EXAMPLES[0].id, explanation(EXAMPLES[0].id)))
        assert session.said("#gap").split("  ")[0] == (
            "all of its 500 neurons are new: nothing is labelled yet"
        )
        assert "▁▃▆█▇" in session.said("#gap")
        assert app.screen.query_one("#labels").region == before
        await session.press("1")
        assert session.said("#gap") == ""


async def test_a_pool_scanned_anew_never_shows_two_counts_for_one_thing() -> None:
    """Of 31 labels 5 were scanned when the example was chosen, 12 when it was explained."""
    workspace = StoredWorkspace(EXAMPLES)
    for one in EXAMPLES[1:32]:
        decision = Decision(one.id, DecisionKind.LABEL, Answer(LABEL_NAME))
        workspace.session.record(decision, pick=None, seconds=None, looked=False, panel=None)
    app, startup = app_on(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup, rank=False)
        chosen = replace(PICKS[0], n_labelled=5, n_unscanned=26, n_scanned=40)
        await session.say(ScanProgressed(40, 100, 9.0, 7.0), startup.engine.rank(pick=chosen))
        known = replace(
            explanation(EXAMPLES[0].id, tuple(one.id for one in EXAMPLES[1:13])), n_unscanned=19
        )
        await session.say(Explained(EXAMPLES[0].id, known), ScanProgressed(100, 100, 9.0, 0.0))
        assert session.said("#why") == "Like 43 others; the model is unsure."
        assert session.said("#gap").startswith("gap 40 of 500 neurons, most in layers 5–6  ")
        status = session.said("#status")
        assert "the model has read all 100" in status and "chosen without 26 labels" in status
        assert "31 labels, 16 wanted" in session.said("#classes")
        await session.press("w")
        page = " ".join(session.said("#page > *").split())
        size = "40 of its 500 neurons are new to 12 of your 31 labelled examples"
        assert f"{size} (median 12; rank 3 of 180)." in page
        assert "Stands for 44 examples that none of the labels it was ranked with" in page
        assert "Chosen by NeuFS" in page and "difficulty by margin" in page


async def test_what_was_drawn_names_no_count_that_the_scan_overtakes() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup, rank=False)
        first = pick(EXAMPLES[0], n_scanned=8, why=draw_reason(0))
        await session.say(ScanProgressed(8, 100, 9.0, 7.0), startup.engine.rank(pick=first))
        await session.say(ScanProgressed(100, 100, 9.0, 0.0))
        assert "the model has read all 100" in session.said("#status")
        assert session.said("#why") == "Drawn at random."


async def test_labels_faster_than_the_engine_are_counted_upwards_and_undo_forgets_answers() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        await session.say(ScanProgressed(100, 100, 9.0, 0.0))
        ahead = tuple(replace(one, n_labelled=1) for one in PICKS[1:3])
        ranked = startup.engine.rank(
            after_label=ahead[0], further_after_label=ahead[1:], queue=PICKS[3:]
        )
        await session.say(ranked)
        fresh, whys = [], []
        for _ in range(4):  # the engine says nothing meanwhile: at last its older queue is left
            await session.press("1")
            fresh.append(session.said("#status").split("  ")[-1].strip())
            whys.append(session.said("#why").split(";")[0])
        assert fresh == [
            *("chosen with 1 label", "chosen 1 label ago", "chosen 3 labels ago"),
            "chosen 4 labels ago",
        ]
        assert whys == ["Like 43 others you have not labelled", *["Like 43 others"] * 3]
        revision = session.workspace.session.revision()
        await session.say(Rescored(4, 4, 7, 96, revision=revision))
        assert "read again with 4 labels: 7 of 96" in session.said("#status")
        await session.press("u")
        await session.say(Rescored(4, 4, 9, 96, revision=revision))
        status = session.said("#status")
        assert "the model has read all 100" in status and "again" not in status
        assert "3 of 16 labels" in session.said("#classes")


async def test_the_models_answer_is_hidden_until_she_asks_or_has_answered() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        assert "model:" not in session.said("#feedback")
        await session.press("1")
        assert "you: Without Explanation · model: Without Explanation .60" in session.said(
            "#feedback"
        )
        await session.press("p")
        said = session.said("#feedback")
        assert "Without Explanation .60 · With Explanation .40" in said
        assert "— recorded" in said
        await session.press("2")
        assert session.workspace.looked == {EXAMPLES[1].id}


async def test_a_look_at_an_answer_from_before_the_labels_changed_names_those_there_are() -> None:
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("With Explanation"), Label("New")))
    workspace.session.set_shown(EXAMPLES[3].id, PICKS[3])
    app, startup = app_on(workspace)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.press("p")
        said = session.said("#feedback")
        assert "asked with other labels: With Explanation .40 — recorded" in said


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (60, 16)])
async def test_nothing_that_is_said_moves_a_label_or_the_text(size: tuple[int, int]) -> None:
    names = ("Without any Explanation at all", "With an Explanation that is long", "Neither of two")
    app, startup = app_on(StoredWorkspace(EXAMPLES, labels=tuple(map(Label, names)), shots=1))
    probabilities = dict(zip(names, (0.5, 0.3, 0.2), strict=True))
    async with app.run_test(size=size) as pilot:
        session = await start(pilot, startup, rank=False)
        picks = [replace(one, probabilities=probabilities) for one in PICKS]
        await session.say(startup.engine.rank(pick=picks[0], queue=tuple(picks[1:])))

        def places() -> list[object]:
            return [app.screen.query_one(place).region for place in ("#text", "#reason", "#labels")]

        before = places()
        await session.press("p")
        assert "recorded" in session.said("#feedback")
        assert places() == before
        await session.press("1")  # which is the last shot wanted too
        assert "1 labelled, but" in session.said("#feedback")
        assert places() == before
        await session.say(EngineDied("the engine is gone, " + "and more of it " * 9, False))
        assert places() == before
        assert app.screen.query_one("#feedback").region.height == 3 or size[0] == 160
        await session.press("u")
        assert places() == before
        assert app.screen.query_one("#keys").display


async def test_what_other_rules_would_show_is_one_key_away() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        known = replace(
            explanation(EXAMPLES[0].id),
            alternatives=(
                Alternative("random", EXAMPLES[31].id, 0.25),
                Alternative("entropy", EXAMPLES[0].id, 0.69),
            ),
        )
        await session.say(Explained(EXAMPLES[0].id, known))
        await session.press("e")
        page = session.said("#page > *")
        assert "random: #32" in page and EXAMPLES[31].text in page
        assert "entropy: #1 — the same example" in page
        await session.press("e")
        assert not isinstance(app.screen, OthersScreen)


async def test_the_help_key_defines_the_numbers_of_the_page_it_is_pressed_on() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(Explained(EXAMPLES[0].id, explanation(EXAMPLES[0].id)))
        await session.press("w", "question_mark")
        assert "What the numbers mean" in session.said("#page > *")
        await session.press("escape")
        assert isinstance(app.screen, WhyScreen)
        assert "Why this example" in session.said("#page > *")
        await session.press("escape", "1")
        assert len(session.labels) == 1


async def test_the_words_behind_the_gap_are_underlined_and_back() -> None:
    text = "A [b]word[/b] \x07 that\r\nmatters"
    examples = [example(0, text), *EXAMPLES[1:]]
    app, startup = app_on(StoredWorkspace(examples))
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(startup.engine.rank(pick=pick(examples[0]), queue=PICKS[1:]))
        plain = session.text
        await session.press("i")
        asked = session.engine.requests[-1]
        assert isinstance(asked, FindWords) and asked.example_id == examples[0].id
        assert session.text == plain
        word = Word(text.index("matters"), len(text), 2.5)
        await session.say(WordsFound(EXAMPLES[9].id, (word,)))
        assert "the model reads the text again" in session.said("#feedback")
        await session.say(WordsFound(examples[0].id, (word,)))
        assert session.text == plain
        assert underlined_words(app) == ["matters"]
        await session.press("i")
        assert underlined_words(app) == []
        await session.press("i")
        assert underlined_words(app) == ["matters"]
        await session.press("1")
        assert session.labels == [(0, "Without Explanation")]
        assert underlined_words(app) == []


def underlined_words(app: LabelApp) -> list[str]:
    content = app.screen.query_one("#text > *", Static).visual
    assert isinstance(content, Content)
    return [content.plain[s.start : s.end] for s in content.spans if "underline" in str(s.style)]


async def test_the_learning_curve_opens_scrolls_and_closes() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        await session.press("c")
        assert "Nothing is labelled yet" in session.said("#summary")
        await session.press("escape")
        for _ in range(4):
            await session.press("1")
        await session.press("c")
        assert "4 of 4 answers given before yours were the same" in session.said("#summary")
        assert len(app.screen.query("PlotextPlot")) == 2
        await session.press("1", "pagedown", "c", "1")
        assert len(session.labels) == 5


async def test_an_example_that_is_not_scanned_yet_has_no_explanation() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("w")
        await session.say(Explained(session.engine.focus.shown, None))
        assert "has not read this example yet" in session.said("#page > *")
        await session.press("escape")
        await session.say(EngineFailed("gone", ""))
        await session.press("w")
        assert not isinstance(session.pilot.app.screen, WhyScreen)
        assert "nothing to explain" in session.said("#feedback")


async def test_a_long_text_scrolls_under_fixed_labels() -> None:
    text = "\n".join(f"line {n}" for n in range(100))
    workspace = StoredWorkspace([example(0, text), *EXAMPLES[1:]])
    app, startup = app_on(workspace)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(startup.engine.rank(pick=pick(example(0, text)), queue=PICKS[1:]))
        view = app.screen.query_one(TextView)
        caption = app.screen.query_one("#caption", Bar)
        assert caption.right == f"↓ {100 - view.size.height} more lines"
        await session.press("j", "down", "k")
        assert view.scroll_y == 1
        await session.press("end")
        assert caption.right == f"↑ {100 - view.size.height} lines above"
        await session.press("home", "pagedown")
        assert view.scroll_y == view.size.height
        await session.press("1")
        assert view.scroll_y == 0
        assert caption.right == ""


async def test_a_line_of_50_kb_is_shown() -> None:
    text = "x" * 50_000
    app, startup = app_on(StoredWorkspace([example(0, text), *EXAMPLES[1:]]))
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(startup.engine.rank(pick=pick(example(0, text))))
        assert app.screen.query_one(TextView).max_scroll_y > 600


async def test_a_restart_shows_the_same_example_and_takes_a_label_without_the_engine() -> None:
    workspace = StoredWorkspace(EXAMPLES)
    workspace.session.set_shown(EXAMPLES[7].id, PICKS[7])
    app, startup = app_on(workspace)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        assert session.text == "Text number 8."
        assert "model loading" in session.said("#status")
        await session.press("1")
        assert session.labels == [(7, "Without Explanation")]
        assert "starting the engine" in session.text


async def test_a_dead_engine_is_told_and_labelling_goes_on() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(EngineDied("the engine was killed by SIGKILL", restarting=True))
        assert session.said("#feedback").startswith("The engine was killed by SIGKILL.")
        assert "engine restarting" in session.said("#status")
        await session.press("1", "1")
        assert session.labels == [(0, "Without Explanation"), (1, "Without Explanation")]


FIRST = FirstText(EXAMPLES[6], drawn(EXAMPLES[6].id, 0), Task(LABELS), 0)


async def test_a_model_that_cannot_load_is_told_and_labelling_goes_on_in_draws() -> None:
    startup = FakeStartup(StoredWorkspace(EXAMPLES), first=FIRST)
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(EngineFailed("No such model.", "Try another."))
        await session.say(EngineDied("exit code 1", restarting=False))
        said = session.said("#feedback")
        assert said == "No such model. Try another. Go on labelling without the model."
        assert "engine off" in session.said("#status")
        assert session.text == "Text number 7."
        await session.press("1")
        (second,) = startup.workspace.draws.next({EXAMPLES[6].id})
        assert session.text == startup.workspace.examples[second.example_id].text
        assert session.said("#why") == "Drawn at random."
        await session.press("2", "c")
        assert (
            "2 labelled, but Without Explanation and With Explanation have 1 each"
            in session.said("#summary")
        )
        history = startup.workspace.session.history()
        assert [one.chosen_by for one in history] == ["draw", "draw"]


async def test_an_engine_that_cannot_start_is_told_the_same_way() -> None:
    engine = FakeEngine(refuses=EngineError("The engine cannot start.", hint="See the log."))
    startup = FakeStartup(StoredWorkspace(EXAMPLES), engine, first=FIRST)
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        assert session.said("#feedback").startswith("The engine cannot start. See the log.")


async def previewed(session: Session, text: str) -> None:
    """Wait until a text is painted though the pool is still being read."""
    while session.text != text:
        await settled(session.pilot)
    await settled(session.pilot)


async def test_a_text_is_there_before_the_pool_and_its_keys_are_told_to_wait() -> None:
    startup = FakeStartup(StoredWorkspace(EXAMPLES), first=FIRST)
    startup.may_open.clear()
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = Session(pilot, startup.workspace, startup.engine)
        await previewed(session, "Text number 7.")
        assert "With Explanation" in session.said("#labels")
        assert "reading the pool" in session.said("#status")
        assert session.said("#why") == "Drawn at random."
        assert session.said("#caption").strip() == ""
        await session.press("2")
        assert session.said("#feedback").startswith("not yet: the pool is still being read")
        assert session.labels == []
        startup.may_open.set()
        await opened(pilot)
        assert session.text == "Text number 7."
        assert session.said("#caption").strip().startswith("#7 of 100")
        assert session.said("#feedback") == ""
        assert startup.workspace.calls == ["set_shown"]
        await session.press("2")
        assert session.labels == [(6, "With Explanation")]
        assert startup.workspace.seconds[0] is not None


async def test_a_text_that_is_not_in_the_pool_after_all_takes_no_key_meant_for_it() -> None:
    other = example(0, "A text of another time.")
    first = FirstText(other, drawn(other.id, 0), Task(LABELS), 0)
    startup = FakeStartup(StoredWorkspace(EXAMPLES), first=first)
    startup.may_open.clear()
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = Session(pilot, startup.workspace, startup.engine)
        await previewed(session, other.text)
        early = Key("1", "1")
        startup.may_open.set()
        await opened(pilot)
        assert session.text.startswith("Text number")
        session.send(early)  # read before the other text was painted
        await settled(pilot)
        assert session.labels == []
        assert "1 key came too early" in session.said("#feedback")


async def test_a_text_that_has_a_label_in_the_pool_takes_no_key_meant_for_it() -> None:
    label = {EXAMPLES[6].id: Answer("With Explanation")}
    startup = FakeStartup(StoredWorkspace(EXAMPLES), first=FIRST, given=Matched("kind", label))
    startup.may_open.clear()
    app = LabelApp(startup)
    async with app.run_test(size=(160, 24)) as pilot:
        session = Session(pilot, startup.workspace, startup.engine)
        await previewed(session, "Text number 7.")
        early = Key("1", "1")
        startup.may_open.set()
        await opened(pilot)
        assert session.text != "Text number 7."
        session.send(early)  # read before the other text was painted
        await settled(pilot)
        assert session.labels == [(6, "With Explanation")]
        assert "1 given elsewhere" in session.said("#status")
        await session.press("u")
        assert session.labels == []


async def test_quitting_while_the_pool_is_read_waits_for_nobody() -> None:
    startup = FakeStartup(StoredWorkspace(EXAMPLES), first=FIRST)
    startup.may_open.clear()
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_code == 0
    assert app.summary is None
    assert not startup.engine.listener


async def test_that_labels_change_next_to_nothing_is_told_once_when_it_comes_to_be_so() -> None:
    app, startup = app_on()
    async with app.run_test(size=(100, 24)) as pilot:
        session = await start(pilot, startup)
        told = []
        for n_changed in (400, 1, 1, 1, 1, 400, 1):
            numbers = range(len(told) + 1, len(told) + 4)
            changes = tuple(Change(number, n_changed, 900) for number in numbers)
            await session.say(Rescored(len(told), len(told), 90, 90, changes))
            await session.press("1")
            said = session.said("#feedback")
            told.append("the last 3 labels changed 3 of 2,700 answers of the model" in said)
        assert told == [False, True, False, False, False, False, True]


async def test_what_the_model_makes_of_the_pool_is_told_once_behind_what_was_said() -> None:
    app, startup = app_on(StoredWorkspace(EXAMPLES, notices=("3 bad lines skipped",)))
    async with app.run_test(size=(100, 24)) as pilot:
        session = await start(pilot, startup)
        noticed = Noticed(("2 texts hold [INST]", "it thinks first"))
        await session.say(noticed)
        told = "3 bad lines skipped · 2 texts hold [INST] · it thinks first"
        assert session.said("#feedback") == told
        await session.press("1")
        await session.say(noticed)
        assert "[INST]" not in session.said("#feedback")


async def test_the_finish_says_what_the_set_lacks_whenever_that_is_another() -> None:
    app, startup = app_on(StoredWorkspace(EXAMPLES, shots=2))
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        for key, expected in (
            ("1", None),
            ("1", "2 labelled, but With Explanation has none. Whether"),
            ("1", None),
            ("2", "4 labelled, but With Explanation has 1. Whether"),
            ("2", "5 labelled, 2 or more of each class. Whether"),
            ("2", None),
        ):
            await session.press(key)
            said = " ".join(session.said("#feedback").split())
            assert (expected or "labelled,") in said if expected else "labelled," not in said
            assert ("x exports them" in said) is said.startswith("#2 ")
        await session.press("u", "u", "u", "u", "u", "1")
        assert "2 labelled, but With Explanation has none" in session.said("#feedback")


async def test_a_model_that_answers_everything_alike_is_told_on() -> None:
    app, startup = app_on(StoredWorkspace(EXAMPLES, shots=3))
    known = [replace(p, n_demonstrations=1, scan_answer=p.answer) for p in PICKS]
    alike = Rescored(3, 3, 60, 96, answers={"Without Explanation": 60})
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        await session.say(startup.engine.rank(queue=tuple(known)))
        await session.press("1", "1", "2")
        assert "3 labelled, but With Explanation has 1." in session.said("#feedback")
        await session.say(alike, Rescored(3, 3, 2, 96, answers={"With Explanation": 2}))
        await session.press("2")
        said = " ".join(session.said("#feedback").split())
        assert "The model answers Without Explanation to 60 of 60: this model does not se" in said
        await session.press("c")
        page = " ".join(str(app.screen.query_one("#summary", Static).render()).split())
        assert "4 labelled, 2 or more of each class." in page
        assert "and to 2 of 2 that you labelled otherwise: this model does not separate" in page
        assert "right 1 of 3 with labels, 1 without: too few to tell." in page


async def test_how_often_each_label_was_given_stands_at_the_top() -> None:
    app, startup = app_on()
    async with app.run_test(size=(100, 24)) as pilot:
        session = await start(pilot, startup)
        assert session.said("#classes").startswith("Without Explana… 0   With Explanation 0 ")
        await session.press("2", "2", "space")
        assert "With Explanation 2 ██ " in session.said("#classes")
        await session.press("u", "u")
        assert "With Explanation 1 █ " in session.said("#classes")


async def test_a_wide_window_has_the_last_answers_and_labelled_examples_beside_the_text() -> None:
    app, startup = app_on()
    async with app.run_test(size=(100, 40)) as pilot:
        session = await start(pilot, startup)
        await session.press("1", "2")
        beside = session.said("#side")
        assert beside.splitlines()[0] == "why"
        assert f"Without Explanation\n· {EXAMPLES[0].text}" in beside
        last = beside.split("last answers\n")[1].splitlines()
        assert last[0].startswith("#2 With Explanation") and last[1].startswith("#1 ")
        await session.say(Explained(EXAMPLES[2].id, explanation(EXAMPLES[2].id)))
        assert "the gap\nAll of its 500 neurons are" in session.said("#side")
        elsewhere = {EXAMPLES[9].id: Answer("With Explanation")}
        startup.workspace.session.record_given(elsewhere, "theirs.csv")
        await session.press("2")
        last = session.said("#side").split("last answers\n")[1].splitlines()
        assert last[0].startswith("#3 ") and last[1].startswith("#2 ")  # hers alone
        await pilot.resize_terminal(99, 40)
        await settled(pilot)
        assert not app.screen.query_one("#side").display


async def test_all_decided_ends_with_the_export_command() -> None:
    app, startup = app_on(StoredWorkspace(EXAMPLES[:2]))
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(ScanProgressed(2, 2, 1.0, 0.0))
        await session.press("1", "space")
        assert "neufs-tui export pool.jsonl" in session.text
        await session.press("u")
        assert session.text == "Text number 2."


async def test_a_window_too_small_takes_no_label() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await pilot.resize_terminal(59, 16)
        await session.press("1")
        assert session.labels == []
        assert session.said("#too-small") == "neufs-tui needs 60x16, have 59x16"
        await pilot.resize_terminal(60, 16)
        await pilot.pause()
        await session.press("1")
        assert session.labels == [(0, "Without Explanation")]


async def test_q_quits_and_lets_go_of_everything() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("ctrl+s")
        assert session.said("#feedback").startswith("already saved")
        await session.press("q")
    assert startup.engine.stopped
    assert startup.workspace.closed
    assert app.return_code == 0


async def test_a_pool_that_cannot_be_read_is_handed_to_the_caller() -> None:
    error = PoolError("Line 3 is not JSON.")
    app = LabelApp(FakeStartup(StoredWorkspace(EXAMPLES), fails=error))
    async with app.run_test() as pilot:
        await opened(pilot)
    failure: NeufsError | None = app.failure
    assert failure is error
    assert app.return_code == 2
    assert app.summary is None


async def test_the_palette_names_the_actions() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        commands = {c.title: c.callback for c in app.get_system_commands(app.screen)}
        assert {"Skip this example", "Undo", "Redo", "Find a label"} <= set(commands)
        commands["Skip this example"]()
        await pilot.pause()
        assert len(startup.workspace.done) == 1
        assert session.text == "Text number 2."


def later(
    workspace: StoredWorkspace, examples: tuple[Example, ...], *, notices: tuple[str, ...] = ()
) -> PoolNow:
    """The pool as its file is now."""
    now = workspace.with_pool(examples)
    now.notices = notices
    config = EngineConfig(examples, workspace.task, ModelChoice(), Path())
    old, new = workspace.examples.keys(), now.examples.keys()
    record = PoolRecord("pool.jsonl", "later", None, "")
    return PoolNow(now, PoolChanges(record, (), ()), config, len(new - old), len(old - new))


async def test_a_pool_that_has_changed_is_told_and_taken_in_when_she_says_so() -> None:
    app, startup = app_on()
    startup.pool_file = file = FakePoolFile(
        lambda _: later(startup.workspace, pool(102)[1:], notices=("1 bad line skipped",))
    )
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(Explained(EXAMPLES[0].id, explanation(EXAMPLES[0].id)))
        panel = session.said("#gap")
        app.post_message(PoolChanged())
        await settled(pilot)
        assert "the pool has changed: R takes it in" in session.said("#header")
        assert session.said("#feedback") == ""
        file.may_read.clear()
        await session.press("R")
        assert session.said("#feedback") == "reading pool.jsonl as it is now …"
        assert session.text == "Text number 1."
        file.may_read.set()
        await until(pilot, lambda: bool(startup.engine.configs))
        said = (
            "pool.jsonl: 2 new texts, 1 text gone, 101 now; the one on the screen is gone from it "
            "too · 1 bad line skipped"
        )
        await until(pilot, lambda: session.said("#feedback") == said)
        assert "changed" not in session.said("#header")
        assert "101 left" in session.said("#classes")
        assert session.text == "Text number 1."
        assert session.said("#gap") == panel != ""
        await session.press("2")
        assert session.labels == [(0, "With Explanation")]
        assert "1 label on removed rows" in session.said("#status")
        assert session.text == "Text number 2."


async def test_keys_are_answered_while_the_pool_is_read_again() -> None:
    app, startup = app_on()
    startup.pool_file = file = FakePoolFile(lambda _: later(startup.workspace, pool(103)))
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        file.may_read.clear()
        await session.press("R", "1", "R")
        assert session.labels == [(0, "Without Explanation")]
        assert session.text == "Text number 2."
        file.may_read.set()
        await until(pilot, lambda: "103 now" in session.said("#feedback"))
        assert len(startup.engine.configs) == 1
        assert session.text == "Text number 2."
        assert startup.engine.focus.shown == EXAMPLES[1].id


async def test_a_pool_that_cannot_be_read_again_changes_nothing() -> None:
    def fails(_: Workspace) -> PoolNow:
        raise PoolError("pool.jsonl has 1 bad line:\n  line 4: not JSON", hint="correct it")

    app, startup = app_on()
    startup.pool_file = file = FakePoolFile(fails)
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        app.post_message(PoolChanged())
        await session.press("R")
        said = "pool.jsonl has 1 bad line: line 4: not JSON — all is as it was; R reads it again"
        await until(pilot, lambda: session.said("#feedback") == said)
        assert "the pool has changed: R takes it in" in session.said("#header")
        assert "100 left" in session.said("#classes")
        assert not startup.engine.configs
        file._then = lambda _: later(startup.workspace, EXAMPLES)
        await session.press("R")
        said = "pool.jsonl holds the same 100 texts as before"
        await until(pilot, lambda: session.said("#feedback") == said)


async def test_a_pool_from_standard_input_is_read_once() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("R")
        assert session.said("#feedback") == "a pool that comes through standard input is read once"


async def test_a_session_that_cannot_take_the_pool_in_is_told() -> None:
    app, startup = app_on()
    startup.pool_file = FakePoolFile(lambda _: later(startup.workspace, pool(103)))

    def full(_changes: PoolChanges) -> Iterator[None]:
        yield
        raise SessionError("the session cannot be used: disk full")

    startup.workspace.session.merge_changes = full  # type: ignore[method-assign]
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("R")
        await until(pilot, lambda: "disk full — all is as it was" in session.said("#feedback"))
        assert not startup.engine.configs
        assert "100 left" in session.said("#classes")


async def test_a_check_example_looks_like_any_other_and_is_counted_apart() -> None:
    workspace = StoredWorkspace(EXAMPLES, check=2)
    startup = FakeStartup(workspace, first=FIRST)
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        assert session.said("#why") == "The model had not read this text when it came."
        assert session.engine.focus.shown_is_passed_over
        await session.say(READY, ScanProgressed(100, 100, 9.0, 0.0))
        held = tuple(
            replace(pick(workspace.examples[one]), reason=draw_reason(0, check=True))
            for one in session.engine.focus.held
        )
        ranked = session.engine.rank(after_label=PICKS[1], after_skip=PICKS[1], queue=PICKS[2:9])
        await session.say(replace(ranked, held=held))
        while any(line in session.said("#why") for line in ("To the model", "had not read")):
            await session.press("w")
            assert isinstance(app.screen, WhyScreen)
            await session.press("escape")
            assert "random" not in session.said("#status")
            assert "rank" not in session.said("#status")
            await session.press("1")
        assert [one.check for one in workspace.done].count(True) == 2
        assert session.said("#why").startswith("Like 43 others; the model is unsure.")
        n_shots = len(workspace.done) - 2
        assert f"{n_shots} of 16 labels" in session.said("#classes")
        assert "2 checked so far, too few to tell" in session.said("#status")
        await session.press("c")
        assert "2 checked so far" in session.said("#summary")


async def test_shots_are_said_to_be_reached_by_a_label_that_is_one() -> None:
    workspace = StoredWorkspace(EXAMPLES, shots=1, check=3)
    startup = FakeStartup(workspace, first=FIRST)
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        said = []
        for _ in range(6):
            await session.press("1")
            said.append("1 labelled" in session.said("#feedback"))
        assert said.count(True) == 1
        first = next(at for at, one in enumerate(workspace.done) if not one.check)
        assert said.index(True) == first
