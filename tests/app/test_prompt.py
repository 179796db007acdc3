"""The page of the exact prompt: asked for, waited for, shown, and closed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from neufs_tui.app.main import LabelApp
from neufs_tui.app.pages.prompt import page
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.screens.prompt import PromptScreen
from neufs_tui.core.exact_prompt import (
    AskPrompt,
    ExactPrompt,
    PromptPart,
    PromptWindow,
    ScoredLabel,
    Stretch,
)
from neufs_tui.engine.protocol import EngineDied, EngineFailed, ScanProgressed
from tests.app.test_label_app import EXAMPLES, FIRST, Session, app_on, start
from tests.fakes import LABELS, READY, FakeStartup, StoredWorkspace, opened, settled


def special(text: str) -> Stretch:
    return Stretch((1,), text, is_special=True)


def plain(text: str) -> Stretch:
    return Stretch(tuple(range(2, 2 + len(text.split()))), text)


def prompt_of(place: int = 0, n_shown: int = 2, fake: str = "") -> ExactPrompt:
    """What an engine might make for an example behind the next ones."""
    end = special("<|end|>")
    shown = tuple((one.id, LABELS[0].name) for one in EXAMPLES[place + 1 : place + 1 + n_shown])
    return ExactPrompt(
        example_id=EXAMPLES[place].id,
        parts=(
            PromptPart(
                "beginning", (special("<|system|>"), plain("\nSort them."), end, plain("\n"))
            ),
            *(
                PromptPart(
                    "demonstration",
                    (special("<|user|>"), plain(f"Text number {place + n + 2}."), end, plain("\n")),
                    n,
                )
                for n in range(n_shown)
            ),
            PromptPart("text", (special("<|user|>"), plain(EXAMPLES[place].text + fake))),
            PromptPart("answer", (end, special("<|assistant|>"), plain("\n"))),
        ),
        shown=shown,
        n_labels=n_shown,
        truncated=False,
        candidates=tuple(
            ScoredLabel(one.name, tuple(map(plain, one.name.split(" ")))) for one in LABELS
        ),
        window=PromptWindow(2048, 2045, 1533),
    )


async def open_page(session: Session) -> None:
    await session.press("P")
    assert isinstance(session.pilot.app.screen, PromptScreen)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_prompt_is_asked_for_and_shown(size: tuple[int, int]) -> None:
    app, startup = app_on()
    async with app.run_test(size=size) as pilot:
        session = await start(pilot, startup)
        await session.say(READY)
        await open_page(session)
        asked = AskPrompt(EXAMPLES[0].id, EXAMPLES[0].text)
        assert session.engine.requests[-1] == asked
        assert session.said("#page > *") == "Asking the model …"
        await session.say(prompt_of())
        said = session.said("#page > *")
        assert "What the model reads for #1" in said
        assert "1. #2: Without Explanation" in said
        assert "<|user|>Text number 2.<|end|>⏎" in said
        assert "The labels as they are scored" in said
        assert session.labels == []
        n_asked = session.engine.requests.count(asked)
        await session.say(ScanProgressed(8, 100, 9.0, 7.0))
        assert session.said("#page > *") == said
        assert session.engine.requests.count(asked) == n_asked


async def test_its_headings_follow_the_windows_width() -> None:
    app, startup = app_on()
    async with app.run_test(size=(160, 50)) as pilot:
        session = await start(pilot, startup)
        await open_page(session)
        await session.say(prompt_of())
        widths = []
        for size in ((160, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            lines = session.said("#page > *").splitlines()
            widths.append(max(cell_len(line) for line in lines if line.endswith("so far")))
        assert widths == [88, 74]


@pytest.mark.parametrize("key", ["P", "escape", "q"])
async def test_it_closes_like_every_page(key: str) -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await open_page(session)
        await session.press(key)
        assert isinstance(app.screen, LabelScreen)
        await session.say(prompt_of())  # too late
        await session.press("1")
        assert len(session.labels) == 1


async def test_a_prompt_of_another_example_is_not_shown() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await session.say(READY)
        await open_page(session)
        await session.say(prompt_of(1))
        assert session.said("#page > *") == "Asking the model …"


async def test_while_the_model_loads_it_says_what_it_waits_for() -> None:
    startup = FakeStartup(StoredWorkspace(EXAMPLES), first=FIRST)
    app = LabelApp(startup)
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await open_page(session)
        said = "smollm2-135m is loading; the prompt comes when it is there."
        assert session.said("#page > *") == said
        assert isinstance(session.engine.requests[-1], AskPrompt)
        await session.say(READY)
        assert session.said("#page > *") == "Asking the model …"
        await session.say(prompt_of(6))
        assert "What the model reads for #7" in session.said("#page > *")


async def test_before_the_pool_is_read_the_key_says_so() -> None:
    app, startup = app_on()
    startup.may_open.clear()
    async with app.run_test() as pilot:
        await pilot.press("P")
        await pilot.pause()
        assert isinstance(app.screen, LabelScreen)
        assert "still being read" in str(app.screen.query_one("#feedback").render())
        startup.may_open.set()
        await opened(pilot)


async def test_without_an_example_there_is_no_prompt() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup, rank=False)
        await session.press("P")
        assert isinstance(app.screen, LabelScreen)
        assert "no example" in session.said("#feedback")


async def test_without_the_model_there_is_no_prompt() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await open_page(session)
        await session.say(EngineFailed("the model is not there", "name another"))
        assert session.said("#page > *").startswith("The engine is off")
        await session.press("escape", "P")
        assert isinstance(app.screen, LabelScreen)
        assert "no model" in session.said("#feedback")


async def test_what_an_engine_took_with_it_is_asked_for_again() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        await open_page(session)
        await session.say(EngineDied("the engine was killed", restarting=True))
        assert "starts again" in session.said("#page > *")
        asked = [one for one in session.engine.requests if isinstance(one, AskPrompt)]
        await session.say(ScanProgressed(8, 100, 9.0, 7.0))
        again = [one for one in session.engine.requests if isinstance(one, AskPrompt)]
        assert len(again) == len(asked) + 1
        await session.say(prompt_of())
        assert "What the model reads" in session.said("#page > *")


def styled(content: object, text: str) -> set[str]:
    """The styles of a text in a page."""
    plain_text, spans = content.plain, content.spans  # type: ignore[attr-defined]
    found = set()
    at = plain_text.find(text)
    while at >= 0:
        over = [str(span.style) for span in spans if span.start <= at < span.end]
        found.add(" ".join(filter(None, over)))
        at = plain_text.find(text, at + 1)
    return found


def test_special_tokens_are_marked_and_what_looks_like_one_is_not() -> None:
    shown = page(prompt_of(fake="[unreal]"), lambda one: one[:4], 74)
    assert all("reverse" in style for style in styled(shown, "<|user|>"))
    assert not any("reverse" in style for style in styled(shown, "[unreal]"))


@pytest.mark.parametrize("width", [54, 74, 86])
def test_headings_fit_and_costs_add_up(width: int) -> None:
    prompt = prompt_of(n_shown=64)
    lines = page(prompt, lambda one: f"#{one[:4]}", width).plain.splitlines()
    costs = [line for line in lines if line.endswith("so far")]
    assert len(costs) == len(prompt.parts) == 67
    assert all(cell_len(line) <= width for line in costs)
    assert f"{prompt.n_tokens:,} so far" in costs[-1]
    assert all(f"{one.name}"[:20] in "".join(lines) for one in prompt.candidates)


def test_what_had_to_leave_is_said() -> None:
    fewer = replace(prompt_of(), n_labels=5, truncated=True)
    said = page(fewer, str, 74).plain
    assert "the oldest 3 labels had to leave" in said
    assert "without its middle" in said
