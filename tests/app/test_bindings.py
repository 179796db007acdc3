"""Commands are bindings: configured, named where they are named, and run in the order of keys."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input

from neufs_tui.app.main import LabelApp
from neufs_tui.app.screens.help import HelpScreen, MeaningsScreen
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.screens.why import WhyScreen
from neufs_tui.app.widgets.text_view import Scroller
from neufs_tui.core.explanation import Word
from neufs_tui.core.records import Label
from neufs_tui.engine.protocol import Explain, Explained, FindWords, ScanProgressed, WordsFound
from neufs_tui.errors import NeufsError, UsageError
from tests.app.test_label_app import EXAMPLES, PICKS, Session, app_on, start
from tests.fakes import FakeStartup, StoredWorkspace, example, explanation, pick, settled

CONFIGURED = {
    "undo": "z",
    "redo": "f2",
    "find": "f3",
    "why": "a,y",
    "quit": "f10",
    "help": "?",
    "line_down": "comma",
    "curve": "f4",
}
"""Of which `a` and `y` would have been labels' keys."""
SAID = {name: keys.split(",")[0] for name, keys in CONFIGURED.items()}


def configured_app(n_labels: int = 2) -> tuple[LabelApp, FakeStartup]:
    labels = tuple(Label(f"label {place}") for place in range(1, n_labels + 1))
    return app_on(StoredWorkspace(EXAMPLES, labels=labels, keys=CONFIGURED))


def page_of(session: Session) -> dict[str, str]:
    """What the help page says of each key."""
    lines = session.said("#page > *").split("\n")
    keys = lines[1 : lines.index("")]
    return {key.strip(): what for key, _, what in (line.partition("   ") for line in keys)}


async def test_every_binding_has_an_id_and_a_tooltip_that_is_on_the_help_page() -> None:
    app, startup = app_on()
    async with app.run_test(size=(160, 50)) as pilot:
        session = await start(pilot, startup)
        own = [one.binding for one in app.screen.active_bindings.values() if one.binding.id]
        assert len({one.id for one in own}) == 33
        await session.press("question_mark")
        page = session.said("#page > *")
        for binding in own:
            assert binding.tooltip
            assert binding.tooltip in page


async def test_a_configured_key_works_and_the_old_one_does_not() -> None:
    app, startup = configured_app()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("1")
        assert session.said("#feedback").endswith("— z undoes")
        await session.press("u", "backspace")
        assert len(session.labels) == 1
        await session.press("z")
        assert session.labels == []
        assert session.said("#feedback").endswith("— f2 redoes")
        await session.press("r")
        assert session.labels == []
        await session.press("f2")
        assert len(session.labels) == 1
        await session.press("w", "q", "c", "l", "f1")
        assert isinstance(app.screen, LabelScreen)
        await session.press("y")
        assert isinstance(app.screen, WhyScreen)
        await session.press("a")
        assert isinstance(app.screen, LabelScreen)
        await session.press("f10")
    assert app.return_code == 0


async def test_footer_help_palette_and_labels_name_the_keys_as_configured() -> None:
    app, startup = configured_app(40)
    async with app.run_test(size=(160, 50)) as pilot:
        session = await start(pilot, startup)
        footer = session.said("#keys").split("   ")
        assert footer == [
            *("space skip", "z undo", "/ list", "g hunt", "f flag", "a why"),
            *("? help", "f10 quit"),
        ]
        await pilot.resize_terminal(60, 16)
        await pilot.pause()
        assert "f3  29 more" in session.said("#labels")
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert "a  label 11" not in session.said("#labels")
        assert "d  label 11" in session.said("#labels")
        commands = {one.title: one.help for one in app.get_system_commands(app.screen)}
        assert commands["Undo"] == "undo, as often as you like, any day (z)"
        assert commands["Why this example"].endswith("(a  y)")
        assert "Keys" not in commands
        await session.press("?")
        said = page_of(session)
        assert said["z"].strip() == "undo, as often as you like, any day"
        assert said["a  y"].strip() == "why this example, neuron by neuron"
        assert not {"u  backspace", "w", "q  ctrl+q", "?  f1  h"} & set(said)
        await session.press("?", "d")
        assert session.labels == [(0, "label 11")]


async def test_before_the_first_example_the_footer_names_the_keys_as_configured() -> None:
    app, startup = configured_app()
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        assert session.said("#keys") == "z undo   / list   ? help   f10 quit"


async def test_what_the_configuration_does_not_name_stays() -> None:
    app, startup = configured_app()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("space", "p")
        assert len(startup.workspace.done) == 1
        assert "recorded" in session.said("#feedback")


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"undo": "r"}, ("keys.undo", "keys.redo")),
        ({"skip": "2"}, ("keys.skip", "label 2")),
        ({"skip": "ctrl+c"}, ("keys.skip", "ctrl+c")),
        ({"chase": "g"}, ("keys.chase",)),
        ({"skip": ""}, ("keys.skip",)),
    ],
)
async def test_keys_that_cannot_be_end_the_app_before_anything_is_labelled(
    keys: dict[str, str], named: tuple[str, ...]
) -> None:
    app, startup = app_on(StoredWorkspace(EXAMPLES, keys=keys))
    async with app.run_test() as pilot:
        while app.failure is None:
            await pilot.pause()
    failure: NeufsError | None = app.failure
    assert isinstance(failure, UsageError)
    assert all(name in failure.message for name in named)
    assert app.return_code == 2
    assert startup.engine.listener is None
    assert startup.workspace.closed


@pytest.mark.parametrize("key", ["1", "space", "u", "r", "l", "p"])
async def test_a_key_read_before_the_paint_does_nothing_whatever_it_is(key: str) -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("1", "1", "u")
        before = session.workspace.session.revision(), session.text
        early = Key(key, key)
        early.time = 0.0
        session.send(early)
        await settled(pilot)
        assert (session.workspace.session.revision(), session.text) == before
        assert isinstance(app.screen, LabelScreen)
        assert session.said("#feedback").endswith("1 key came too early and did nothing")


async def test_keys_read_together_act_in_their_order() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press("1", "2")
        session.send_keys("u1")
        await settled(pilot)
        assert session.labels == [(0, "Without Explanation")]
        assert session.text == "Text number 2."
        session.send_keys("w1")
        await settled(pilot)
        assert isinstance(app.screen, WhyScreen)
        session.send_keys("qq")
        await settled(pilot)
        assert isinstance(app.screen, LabelScreen)
        assert len(session.labels) == 1


@pytest.mark.parametrize("configured", [False, True])
@pytest.mark.parametrize("opener", ["why", "others", "curve", "help"])
@pytest.mark.parametrize("closer", ["escape", "quit", ""])
async def test_what_lies_over_the_screen_closes_by_three_keys(
    configured: bool, opener: str, closer: str
) -> None:
    usual = {"why": "w", "others": "e", "curve": "c", "help": "question_mark", "quit": "q"}
    keys = usual | SAID if configured else usual
    app, startup = configured_app() if configured else app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.press(keys[opener])
        assert isinstance(app.screen, ModalScreen)
        await session.press("1", keys.get(closer, closer) or keys[opener])
        assert isinstance(app.screen, LabelScreen)
        assert session.labels == []


async def test_the_picker_closes_by_keys_that_cannot_be_typed() -> None:
    for closer in ("escape", "f3", "f10"):
        app, startup = configured_app()
        async with app.run_test() as pilot:
            session = await start(pilot, startup)
            await session.press("f3", "z", "n", "q")
            assert isinstance(app.screen, PickerScreen)
            assert app.screen.query_one(Input).value == "znq"
            await session.press(closer)
            assert isinstance(app.screen, LabelScreen)
            assert session.labels == []


async def test_pages_scroll_by_the_keys_as_configured() -> None:
    app, startup = configured_app()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        await session.say(Explained(EXAMPLES[0].id, explanation(EXAMPLES[0].id)))
        for keys in (["a"], ["?"], ["1", "1", "1", "f4"]):
            await session.press(*keys)
            scroller = app.screen.query_one(Scroller)
            await session.press("j", "down")
            assert scroller.scroll_y == 0
            await session.press("comma", "comma", "k")
            assert scroller.scroll_y == 1
            await session.press("end")
            assert scroller.scroll_y == scroller.max_scroll_y > 1
            await session.press("escape")


async def test_the_help_key_of_a_page_is_named_and_works_as_configured() -> None:
    workspace = StoredWorkspace(EXAMPLES, keys={"help": "f5"})
    app, startup = app_on(workspace)
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(Explained(EXAMPLES[0].id, explanation(EXAMPLES[0].id)))
        await session.press("w")
        assert "f5 says what each number means" in session.said("#page > *")
        await session.press("question_mark")
        assert isinstance(app.screen, WhyScreen)
        await session.press("f5")
        assert isinstance(app.screen, MeaningsScreen)
        await session.press("f5", "w", "f5")
        assert isinstance(app.screen, HelpScreen)


async def test_a_page_says_how_far_the_scan_is_until_the_model_has_answered() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(ScanProgressed(96, 200, 9.0, 7.0))
        await session.press("w")
        page = "Asking the model … it is reading the pool first (96 of 200)"
        assert session.said("#page > *") == page
        await session.say(ScanProgressed(104, 200, 9.0, 7.0))
        assert "(104 of 200)" in session.said("#page > *")
        await session.say(Explained(EXAMPLES[0].id, None))
        said = "The model has not read this example yet; it has read 104 of 200."
        assert session.said("#page > *") == said
        await session.say(ScanProgressed(112, 200, 9.0, 7.0))
        assert "112 of 200" in session.said("#page > *")
        await session.say(ScanProgressed(200, 200, 9.0, 0.0))
        await session.say(startup.engine.rank(queue=PICKS[1:]))
        assert isinstance(session.engine.requests[-1], Explain)  # asked again, unasked
        await session.press("question_mark")  # which lies over the page that is filled
        await session.say(Explained(EXAMPLES[0].id, explanation(EXAMPLES[0].id)))
        await session.press("escape")
        assert "Why this example" in session.said("#page > *")
        await session.say(ScanProgressed(200, 200, 9.0, 0.0))
        assert "Why this example" in session.said("#page > *")


async def test_words_that_are_waited_for_say_how_far_the_scan_is_and_are_found_at_last() -> None:
    text = "one two three"
    examples = [example(0, text), *EXAMPLES[1:]]
    app, startup = app_on(StoredWorkspace(examples))
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(startup.engine.rank(pick=pick(examples[0]), queue=PICKS[1:]))
        await session.say(ScanProgressed(8, 100, 9.0, 7.0))
        await session.press("i")
        assert session.said("#feedback").endswith("… it is reading the pool first (8 of 100)")
        await session.say(ScanProgressed(16, 100, 9.0, 7.0))
        assert "the model reads the text again" in session.said("#feedback")
        assert "(16 of 100)" in session.said("#feedback")
        await session.say(WordsFound(examples[0].id, None))
        said = "The model has not read this example yet; it has read 16 of 100."
        assert session.said("#feedback") == said
        await session.press("p")
        await session.say(ScanProgressed(24, 100, 9.0, 7.0))
        assert "recorded" in session.said("#feedback")
        asked = [one for one in session.engine.requests if isinstance(one, FindWords)]
        await session.say(Explained(examples[0].id, explanation(examples[0].id)))
        again = [one for one in session.engine.requests if isinstance(one, FindWords)]
        assert len(again) == len(asked) + 1
        await session.say(WordsFound(examples[0].id, (Word(4, 7, 1.0),)))
        assert session.said("#feedback").startswith("underlined:")
