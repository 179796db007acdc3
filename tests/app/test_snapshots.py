"""Pictures of each state of the screen, at the three sizes that must work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from neufs_tui.app.gate import Gate
from neufs_tui.app.main import LabelApp
from neufs_tui.core.check_readings import CheckReading, ChecksRead, digests
from neufs_tui.core.draws import draw_reason, drawn
from neufs_tui.core.estimated import Estimated
from neufs_tui.core.explanation import Alternative, Word
from neufs_tui.core.records import HUNT, Label, Task
from neufs_tui.core.settings import SIGNALS
from neufs_tui.engine.protocol import (
    Downloaded,
    EngineDied,
    EngineFailed,
    Event,
    Explained,
    Ranked,
    Rescored,
    ScanProgressed,
    Stage,
    Suggested,
    Suggestion,
    WordsFound,
)
from neufs_tui.project.first_text import FirstText
from neufs_tui.project.live_test import LiveTest
from neufs_tui.statistics.stability import Change
from tests.app.test_prompt import prompt_of
from tests.fakes import (
    LABELS,
    READY,
    FakeEngine,
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

SnapCompare = Callable[..., bool]
Steps = Callable[[Pilot[None]], Awaitable[None]]

SIZES = [(80, 24), (160, 50), (60, 16)]


@pytest.fixture(autouse=True)
def _pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key comes nine seconds after what it answers was painted."""
    monkeypatch.setattr(Gate, "seconds", lambda _gate, _read_at: 9.0)


ODD_TEXT = (
    "The [bold]introduction[/bold] is {clear}, but {{why}} it matters is never said 🙂 — see "
    "line\x1b[31m 3.\n\n\tשלום עולם and 你好，世界 are fine.\n"
    "Names such as [@click=app.quit]this[/] are text."
)
LONG_TEXT = "\n".join(f"{n}. A sentence that stands on a line of its own." for n in range(1, 61))
TWELVE = tuple(
    Label(name, f"the customer writes about: {name.lower()}")
    for name in (
        "Refund",
        "Delivery, late",
        "Delivery, lost",
        "Complaint about staff",
        "Praise",
        "Question before buying",
        "Wrong item",
        "Cancel the order",
        "Change of address",
        "Login trouble",
        "Payment failed",
        "Something else entirely",
    )
)


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(variable, raising=False)


class Session:
    """An app on fakes, and what its engine says before the display is taken."""

    def __init__(
        self, workspace: StoredWorkspace, *keys: str, first: FirstText | None = None
    ) -> None:
        self.engine = FakeEngine()
        self.startup = FakeStartup(workspace, self.engine, first=first)
        self.app = LabelApp(self.startup, pool_name="pool.jsonl")
        self.workspace = workspace
        self._keys = keys
        self._says: list[Event | Callable[[FakeEngine], Ranked]] = []
        self._says_then: list[Event | Callable[[FakeEngine], Event]] = []

    def says(self, *events: Event | Callable[[FakeEngine], Ranked]) -> Session:
        self._says += events
        return self

    def then(self, *events: Event | Callable[[FakeEngine], Event]) -> Session:
        """Says it once the keys are pressed."""
        self._says_then += events
        return self

    async def run(self, pilot: Pilot[None]) -> None:
        if self.startup.may_open.is_set():
            await opened(pilot)
        else:
            await previewed(pilot)
        for event in self._says:
            self.engine.say(event(self.engine) if callable(event) else event)
            await pilot.pause()
        for key in self._keys:
            await pilot.press(key)
            await settled(pilot)
        for event in self._says_then:
            self.engine.say(event(self.engine) if callable(event) else event)
            await settled(pilot)


def ranked_first(engine: FakeEngine, *, scanned: int = 200, n_labelled: int = 0) -> Ranked:
    examples = pool(200, first=ODD_TEXT)
    return engine.rank(
        pick=pick(examples[0], n_labelled=n_labelled, n_scanned=scanned, why=reason()),
        after_label=None,
        queue=tuple(
            pick(e, n_labelled=n_labelled, n_scanned=scanned, why=reason(n_farther=9, n_easier=12))
            for e in examples[1:12]
        ),
    )


FIRST = FirstText(example(6), drawn(example(6).id, 0), Task(LABELS), 0)


async def previewed(pilot: Pilot[None]) -> None:
    """Wait until a text is painted though the pool is still being read."""
    text = FIRST.example.text
    while text not in [str(one.render()) for one in pilot.app.screen.query("#text > *")]:
        await settled(pilot)
    await settled(pilot)


SCAN = ScanProgressed(done=96, total=200, rate=13.2, remaining_s=7.9)


@pytest.mark.parametrize("size", SIZES)
def test_an_example_stands_above_its_reason_and_the_labels(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT))).says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_after_some_labels_the_reason_counts_them(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200)), "1", "2", "space")

    def ranked(engine: FakeEngine) -> Ranked:
        picks = [pick(e, n_labelled=2, why=reason()) for e in pool(200)]
        return engine.rank(pick=picks[0], queue=tuple(picks[1:6]))

    session.says(READY, ScanProgressed(200, 200, 13.2, 0.0), ranked)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_a_long_text_scrolls_and_says_how_much_is_hidden(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    workspace = StoredWorkspace(pool(200, first=LONG_TEXT))
    session = Session(workspace, "pagedown", "down", "j")
    session.says(
        READY,
        SCAN,
        lambda engine: engine.rank(pick=pick(example(0, LONG_TEXT), why=draw_reason(0))),
    )
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_twelve_labels_fit_or_say_how_many_do_not(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    workspace = StoredWorkspace(pool(200, first=ODD_TEXT), labels=TWELVE)
    session = Session(workspace).says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_picker_narrows_as_one_types(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    workspace = StoredWorkspace(pool(200, first=ODD_TEXT), labels=TWELVE)
    session = Session(workspace, "l", "d", "e", "l").says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_help_shows_keys_task_and_labels(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), "question_mark")
    session.says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_why_takes_an_example_apart(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    session = explained_session("w")
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_end_of_why_has_bars_and_the_nearest_label(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = explained_session("w", "end")
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_gap_stands_under_the_reason(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    session = explained_session()
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES[:2])
def test_other_rules_show_their_examples(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    session = explained_session("e")
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_words_behind_the_gap_are_underlined(snap_compare: SnapCompare) -> None:
    session = explained_session("i")
    word = ODD_TEXT.index("matters")
    session.says(WordsFound(pool(1, first=ODD_TEXT)[0].id, (Word(word, word + 7, 1.0),)))
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_learning_curve(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    examples = pool(200, first=ODD_TEXT)
    known = dict.fromkeys(SIGNALS, 0.5)
    picks = [replace(pick(e, why=reason()), difficulty=known) for e in examples[:14]]
    workspace = StoredWorkspace(examples)
    session = Session(workspace, *"12111211112", "c")
    gains = {e.id: 500 // (row + 1) for row, e in enumerate(examples)}
    changes = tuple(Change(n, 1, 700) for n in (9, 10, 11))
    session.says(
        READY,
        SCAN,
        lambda engine: replace(engine.rank(pick=picks[0], queue=tuple(picks[1:])), gains=gains),
        Rescored(11, 11, 180, 188, changes),
    )
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def checked_session(*keys: str) -> Session:
    """A check set of twelve that is whole and read, and four labels beside it."""
    examples = pool(200, first=ODD_TEXT)
    session = Session(StoredWorkspace(examples, check=12), *keys, first=FIRST)
    names = tuple(label.name for label in LABELS)

    def read(engine: FakeEngine) -> ChecksRead:
        checks = [one.example_id for one in engine.focus.decisions if one.check]
        readings = [
            CheckReading(one, (float(place > 3), 0.5), (float(place != 5), 0.5))
            for place, one in enumerate(checks)
        ]
        *_, behind = digests(engine.focus.decisions, {one.id for one in examples})
        return ChecksRead(behind.hexdigest(), 4, 4, names, tuple(readings))

    return session.then(READY, ScanProgressed(200, 200, 13.2, 0.0), read)


@pytest.mark.parametrize("size", SIZES)
def test_the_check_set_is_told_on_the_second_status_line(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = checked_session(*"1" * 16)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_learning_curve_tells_how_labels_foretell_one_another(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    """Beside what the model is right in on the check set with them in its prompt."""
    session = checked_session(*"1121112111212111")

    def learned(engine: FakeEngine) -> Estimated:
        checks = [one.example_id for one in engine.focus.decisions if one.check]
        return Estimated(engine.focus.revision, 3, 4, dict.fromkeys(checks, LABELS[0].name))

    async def look(pilot: Pilot[None]) -> None:
        await session.then(learned).run(pilot)
        await pilot.press("c")
        await settled(pilot)

    assert snap_compare(session.app, terminal_size=size, run_before=look)


def session_with_a_test(*keys: str) -> Session:
    """A test file, all of it read without labels and half of it with all labels but the last."""
    examples = pool(200, first=ODD_TEXT)
    texts = tuple(example(row) for row in range(300, 340))
    names = tuple(label.name for label in LABELS)
    gold = {one.id: names[place % 3 == 0] for place, one in enumerate(texts)}
    test = LiveTest("test.jsonl", texts, gold, frozenset(gold), ())
    session = Session(StoredWorkspace(examples, test=test), *keys, first=FIRST)

    def read(engine: FakeEngine) -> ChecksRead:
        labelled = engine.focus.decisions[:-1]
        *_, behind = digests(labelled, {one.id for one in examples}, gold)
        readings = [
            CheckReading(one.id, (0.0, float(place % 2)), (float(place % 4), 0.5), ((0.0, 0.5),))
            for place, one in enumerate(texts[:20])
        ]
        n = len(labelled)
        return ChecksRead(behind.hexdigest(), n, n, names, tuple(readings), n_half=n // 2)

    return session.then(READY, ScanProgressed(200, 200, 13.2, 0.0), read)


@pytest.mark.parametrize("size", SIZES)
def test_a_test_file_is_told_on_the_second_status_line(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = session_with_a_test(*"12121")
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_learning_curve_tells_labels_none_and_random_halves_on_a_test_file(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = session_with_a_test(*"12121")

    async def look(pilot: Pilot[None]) -> None:
        await session.run(pilot)
        await pilot.press("c")
        await settled(pilot)

    assert snap_compare(session.app, terminal_size=size, run_before=look)


@pytest.mark.parametrize("size", SIZES[:2])
def test_while_check_examples_come_facts_stand_under_every_text(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200), check=12), "1", first=FIRST)
    session.says(READY, ScanProgressed(200, 200, 13.2, 0.0), ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def explained_session(*keys: str) -> Session:
    """An example that the engine has explained by one label."""
    examples = pool(200, first=ODD_TEXT)
    known = replace(
        explanation(examples[0].id, (examples[7].id,)),
        alternatives=(
            Alternative("random", examples[31].id, 0.25),
            Alternative("entropy", examples[4].id, 0.69),
        ),
    )
    session = Session(StoredWorkspace(examples), *keys)
    return session.says(READY, SCAN, ranked_first, Explained(examples[0].id, known))


def hunting_session(*keys: str) -> Session:
    """A hunt for the label that has none, whose first example is shown."""
    examples = pool(200, first=ODD_TEXT)
    label = LABELS[1].name
    why = reason(strategy=HUNT, label=label, score=0.93)
    hunted = replace(pick(examples[40], n_labelled=1, why=why), estimate={label: 0.93})
    session = Session(StoredWorkspace(examples), "1", "g", "enter", *keys)
    session.says(READY, ScanProgressed(200, 200, 13.2, 0.0), ranked_first)
    return session.then(lambda engine: engine.rank(pick=hunted))


@pytest.mark.parametrize("size", SIZES)
def test_a_hunt_is_said_all_the_time_and_why_names_the_label(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = hunting_session()
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_the_picker_of_a_hunt_begins_at_the_label_given_least(snap_compare: SnapCompare) -> None:
    session = hunting_session("g", "g")
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_suggestions_are_rows_to_accept_correct_or_take_out(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = hunting_session("v")
    rows = tuple(
        Suggestion(one.id, 0.999 - place / 200)
        for place, one in enumerate(pool(200, first=ODD_TEXT)[:7])
    )

    def suggest(engine: FakeEngine) -> Suggested:
        return Suggested(engine.focus.revision, LABELS[1].name, rows[1:])

    async def look(pilot: Pilot[None]) -> None:
        await session.then(suggest).run(pilot)
        for key in ("down", "space", "down", "1"):
            await pilot.press(key)
            await settled(pilot)

    assert snap_compare(session.app, terminal_size=size, run_before=look)


def test_accepted_suggestions_are_counted_apart(snap_compare: SnapCompare) -> None:
    session = hunting_session("v")
    rows = tuple(Suggestion(one.id, 0.98) for one in pool(200)[1:9])

    async def look(pilot: Pilot[None]) -> None:
        await session.then(
            lambda engine: Suggested(engine.focus.revision, LABELS[1].name, rows)
        ).run(pilot)
        for key in ("down", "1", "enter"):
            await pilot.press(key)
            await settled(pilot)

    assert snap_compare(session.app, terminal_size=(80, 24), run_before=look)


@pytest.mark.parametrize("size", SIZES)
def test_when_nothing_is_left_the_export_command_is_shown(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(2), shots=1), "1", "space")
    session.says(
        READY,
        ScanProgressed(2, 2, 13.2, 0.0),
        lambda engine: engine.rank(pick=pick(example(0)), queue=(pick(example(1)),)),
    )
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_an_engine_that_died_is_one_sentence(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)))
    session.says(
        READY, SCAN, ranked_first, EngineDied("the engine was killed by SIGKILL", restarting=True)
    )
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_a_model_that_cannot_load_leaves_random_draws(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200)), first=FIRST)
    session.says(
        Stage("libraries", "loading libraries"),
        EngineFailed("No model is called smollm3-135.", "See `neufs-tui models list`."),
    )
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_while_the_model_loads_a_random_draw_is_there(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200)), first=FIRST)
    session.says(Stage("download", "fetching smollm2-135m"), Downloaded(120_000_000, 538_000_000))
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_without_a_text_so_soon_it_is_said_that_the_pool_is_read(
    snap_compare: SnapCompare,
) -> None:
    session = Session(StoredWorkspace(pool(200)))
    session.startup.may_open.clear()
    assert snap_compare(session.app, terminal_size=(80, 24))


@pytest.mark.parametrize("size", SIZES)
def test_while_the_pool_is_read_a_text_is_there(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200)), "1", first=FIRST)
    session.startup.may_open.clear()
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_exact_prompt_has_what_each_label_costs(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    examples = pool(200, first=ODD_TEXT)
    session = Session(StoredWorkspace(examples), "P").says(READY, ranked_first)
    session.then(replace(prompt_of(), example_id=examples[0].id))
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_the_export_shows_what_will_be_written(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), "2", "1", "x", "down", "down")
    session.says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_the_last_shot_is_announced(snap_compare: SnapCompare) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT), shots=1), "2")
    session.says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


def test_without_colour_bold_and_order_carry_the_meaning(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT))).says(READY, SCAN, ranked_first)
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


def test_a_window_that_is_too_small_says_so(snap_compare: SnapCompare) -> None:
    session = Session(StoredWorkspace(pool(200), labels=LABELS))
    assert snap_compare(session.app, terminal_size=(50, 14), run_before=session.run)


LISTED = ("1", "2", "space", "f", "1", "n", *"odd", "enter", "2", "slash")
"""Two labels, a skip, a flagged label, a note on another; then the list."""


@pytest.mark.parametrize("size", SIZES)
def test_the_list_has_what_is_decided_first(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), *LISTED, "down", "tab")
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_the_list_underlines_what_was_looked_for(snap_compare: SnapCompare) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), *LISTED, *"number", "space", "1")
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


@pytest.mark.parametrize("size", SIZES)
def test_an_example_opened_from_the_list_says_what_is_known_of_it(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    session = Session(StoredWorkspace(pool(200, first=LONG_TEXT)), *LISTED, "up", "enter", "f")
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_a_note_is_written_over_the_example(snap_compare: SnapCompare) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), "f", "n", *"odd")
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


SIX = tuple(
    Label(name, "what the customer writes about, in a sentence that may need a second line")
    for name in ("Refund", "Delivery", "Praise", "Question", "Account", "Something else")
)


@pytest.mark.parametrize("size", [(100, 30), (120, 40)])
def test_six_labels_and_a_long_text_beside_the_panel(
    snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    examples = pool(200, first=LONG_TEXT)
    session = Session(StoredWorkspace(examples, labels=SIX))
    session.says(READY, lambda engine: engine.rank(pick=pick(examples[0], why=reason())))
    session.then(Explained(examples[0].id, explanation(examples[0].id)))
    assert snap_compare(session.app, terminal_size=size, run_before=session.run)


def test_many_labels_stand_in_columns(snap_compare: SnapCompare) -> None:
    labels = tuple(Label(f"card_payment_{n}") for n in range(151))
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT), labels=labels))
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=(160, 50), run_before=session.run)


@pytest.mark.parametrize("theme", ["ansi-light", "neufs-light"])
def test_on_a_light_terminal(snap_compare: SnapCompare, theme: str) -> None:
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), "1", "2")
    session.app = LabelApp(session.startup, pool_name="pool.jsonl", theme=theme)
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)


def test_with_the_terminals_sixteen_colours(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "standard")
    session = Session(StoredWorkspace(pool(200, first=ODD_TEXT)), "1", "2")
    session.says(READY, ranked_first)
    assert snap_compare(session.app, terminal_size=(80, 24), run_before=session.run)
