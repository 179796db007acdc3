"""Makes every picture of the documents, and their table of keys, from the program as it is.

It labels the sample pool with the embedded model, by a rule in the place of a person, and keeps
what the screen shows on the way. Run by `make pictures`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from neufs_tui.app.keymap import configured
from neufs_tui.app.keys import COMMANDS, LABEL, written
from neufs_tui.app.main import LabelApp
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.screens.prompt import PromptScreen
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.startup import Startup
from neufs_tui.project.request import ProjectRequest

DOCS = Path(__file__).parent
PICTURES = DOCS / "pictures"
SAMPLE = DOCS.parent / "sample_data"
N_LABELS = 10
_PAUSE_S = 0.05


def keys_table() -> str:
    """The table of all keys, as Markdown."""
    rows = [
        (command.key_display or "  ".join(map(written, command.key.split(","))), command)
        for command in (LABEL, *COMMANDS)
    ]
    lines = [f"| `{keys}` | `{one.id}` | {one.tooltip} |" for keys, one in rows]
    return "\n".join(
        [
            "# Keys",
            "",
            "Made by `make pictures`. The command is what `[keys]` in `neufs.toml` calls it.",
            "",
            "| key | command | what it does |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


def loop_of(app: LabelApp) -> LabellingLoop | None:
    """Where the session is; None until it is open."""
    screen = app.screen_stack[0]
    assert isinstance(screen, LabelScreen)
    return screen._loop


async def settle(pilot: Pilot[None], is_so: Callable[[LabellingLoop], bool]) -> None:
    """Wait until something is so of the session."""
    app = pilot.app
    assert isinstance(app, LabelApp)
    while (loop := loop_of(app)) is None or not is_so(loop):
        await pilot.pause(_PAUSE_S)
    await pilot.pause()


async def answer(pilot: Pilot[None]) -> None:
    """Label what is shown, once the engine has said what follows it: a question wants a reply."""
    await settle(pilot, lambda loop: loop.foresees and loop.questions.explanation is not None)
    app = pilot.app
    assert isinstance(app, LabelApp)
    loop = loop_of(app)
    assert loop is not None and loop.shown is not None
    await pilot.press("1" if "?" in loop.shown.example.text else "2")
    await pilot.pause()


def keep(pilot: Pilot[None], name: str) -> None:
    """Store what the screen shows."""
    PICTURES.mkdir(exist_ok=True)
    picture = pilot.app.export_screenshot(title=f"neufs-tui · {name}", simplify=True)
    (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")


async def press_and_keep(pilot: Pilot[None], name: str, *keys: str, close: bool = True) -> None:
    """Press keys, store what the screen shows then, and come back."""
    await pilot.press(*keys)
    await pilot.pause(_PAUSE_S)
    keep(pilot, name)
    while close and len(pilot.app.screen_stack) > 1:
        await pilot.press("escape")
        await pilot.pause()


async def one_hour(pilot: Pilot[None]) -> None:
    """The tour of the tutorial."""
    await settle(pilot, lambda loop: loop.engine.has_chosen)
    for _ in range(N_LABELS - 4):
        await answer(pilot)
    await pilot.press("space")
    await settle(pilot, lambda loop: loop.is_settled)
    await pilot.resize_terminal(80, 24)
    await press_and_keep(pilot, "label")
    await press_and_keep(pilot, "guide", "h")
    await press_and_keep(pilot, "why", "w")
    await press_and_keep(pilot, "next", ">")
    await press_and_keep(pilot, "list", "slash", "down")
    await press_and_keep(pilot, "opened", "slash", "down", "enter")
    await press_and_keep(pilot, "note", "f", "n", *"odd", "enter")
    await pilot.press("u", "u")
    await pilot.resize_terminal(100, 32)
    await press_and_keep(pilot, "panel")
    while loop_of_pilot(pilot).counts.n_labels < N_LABELS:
        await answer(pilot)
    await pilot.resize_terminal(80, 24)
    await pilot.pause()
    keep(pilot, "finish")
    await press_and_keep(pilot, "export", "x", *["down"] * 6)
    await settle(pilot, lambda loop: loop.is_settled)
    await pilot.press("P")
    while isinstance(page := pilot.app.screen, PromptScreen) and page.waits:
        await pilot.pause(_PAUSE_S)
    await press_and_keep(pilot, "prompt")
    await pilot.resize_terminal(100, 36)
    await press_and_keep(pilot, "curve", "c")
    await pilot.resize_terminal(160, 50)
    await pilot.pause()
    await press_and_keep(pilot, "wide")


def loop_of_pilot(pilot: Pilot[None]) -> LabellingLoop:
    """Where an open session is."""
    assert isinstance(pilot.app, LabelApp)
    loop = loop_of(pilot.app)
    assert loop is not None
    return loop


async def run(tour: Callable[[Pilot[None]], Awaitable[None]], folder: Path) -> None:
    """Take a tour on a copy of the sample pool."""
    for name in ("pool.jsonl", "neufs.toml"):
        shutil.copy(SAMPLE / name, folder)
    os.chdir(folder)
    startup = Startup(
        ProjectRequest(source="pool.jsonl"), CaptureSettings(), check_keys=configured, stay_s=0
    )
    app = LabelApp(startup, pool_name="pool.jsonl")
    async with app.run_test(size=(80, 24)) as pilot:
        await tour(pilot)


def main() -> None:
    """Make all of them."""
    (DOCS / "keys.md").write_text(keys_table(), encoding="utf-8")
    with TemporaryDirectory() as folder:
        asyncio.run(run(one_hour, Path(folder)))


if __name__ == "__main__":
    main()
