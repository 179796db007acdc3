"""The palette, and keys named while something lies over the labelling screen."""

from __future__ import annotations

from neufs_tui.app.keys import COMMANDS
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.bar import KeyBar
from tests.app.test_label_app import app_on, start


async def test_the_palette_has_our_commands_and_the_themes_alone() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        await start(pilot, startup)
        titles = [one.title for one in app.get_system_commands(app.screen)]
        ours = [one.description for one in COMMANDS if one.description]
        assert sorted(titles) == sorted([*ours, "Theme"])


async def test_keys_of_the_labelling_screen_are_not_named_behind_a_picker() -> None:
    app, startup = app_on()
    async with app.run_test() as pilot:
        session = await start(pilot, startup)
        bar = app.screen.query_one("#keys", KeyBar)
        assert bar.visible
        await session.press("l")
        assert isinstance(app.screen, PickerScreen)
        assert not bar.visible
        assert session.said("KeyBar").startswith("enter takes it")
        await session.press("escape")
        assert bar.visible
