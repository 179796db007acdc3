"""The export on the screen: what is chosen, how it looks, and that it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from neufs_tui.app.screens.export import ExportScreen
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.export.registry import FORMATS
from neufs_tui.labelling.export_choice import ORDERS, ExportChoice, preview, usual_path
from tests.app.test_label_app import EXAMPLES, Session, app_on, start
from tests.fakes import LABELS, StoredWorkspace


async def opened(session: Session) -> ExportScreen:
    await session.press("1", "2", "1", "x")
    screen = session.pilot.app.screen
    assert isinstance(screen, ExportScreen)
    return screen


async def test_nothing_labelled_is_told_and_no_page_opens() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        await session.press("x")
        assert isinstance(app.screen, LabelScreen)
        assert "nothing is labelled yet" in session.said("#feedback")


async def test_each_format_is_previewed_and_named_by_the_command_that_writes_it() -> None:
    app, startup = app_on()
    async with app.run_test(size=(120, 40)) as pilot:
        session = await start(pilot, startup)
        screen = await opened(session)
        formats = screen.query_one(OptionList)
        seen = []
        for _ in range(len(FORMATS)):
            assert formats.highlighted_option is not None
            seen.append(formats.highlighted_option.id)
            assert FORMATS[str(seen[-1])].read_by in session.said("#about")
            assert f"--format {seen[-1]}" in session.said("#said")
            assert session.said("#preview > Static")
            await session.press("down")
        assert {*seen} == {*FORMATS}


async def test_number_order_place_and_check_go_into_the_command() -> None:
    app, startup = app_on()
    async with app.run_test(size=(120, 40)) as pilot:
        session = await start(pilot, startup)
        screen = await opened(session)
        assert session.said("#said").endswith("--format chat --check -o pool.few_shot.json")
        await session.press("o", "c")
        assert "order balanced · not checked" in session.said("#how")
        assert "--order balanced -o" in session.said("#said")
        await session.press("tab", "backspace", "2")
        assert "-k 2 " in session.said("#said")
        assert json.loads(session.said("#preview > Static"))[-1]["content"] == LABELS[1].name
        await session.press("backspace", "9")
        assert "of 3 examples the first 1 to 3" in session.said("#said")
        await session.press("backspace", "3", "tab", "ctrl+u", *"x/o q")
        assert session.said("#said").endswith("-o 'x/o q'")
        assert screen.query_one("#path", Input).value == "x/o q"
        await session.press("shift+tab", "shift+tab", "down", "down")
        assert session.said("#said").endswith("-o 'x/o q'"), "a place that she named stays"
        await session.press("escape")
        assert isinstance(app.screen, LabelScreen)


async def test_what_a_format_cannot_hold_is_said_in_the_place_of_the_preview() -> None:
    app, startup = app_on()
    async with app.run_test(size=(120, 40)) as pilot:
        session = await start(pilot, startup)
        screen = await opened(session)
        formats = screen.query_one(OptionList)
        formats.highlighted = formats.get_option_index("lm-eval")
        await session.pilot.pause()
        said = session.said("#preview > Static")
        assert "texts with gold labels" in said and "--test FILE" in said


async def test_enter_writes_and_a_file_that_is_there_is_replaced_only_when_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = StoredWorkspace(EXAMPLES)
    workspace.session_name = str(workspace.session.path)
    app, startup = app_on(workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        session = await start(pilot, startup)
        await opened(session)
        target = tmp_path / "pool.few_shot.json"
        await session.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert session.said("#said").splitlines() == [
            "wrote 3 examples to pool.few_shot.json and pool.few_shot.json.manifest.json",
            "checked by Python's json: 3 examples, the same texts, labels and order",
        ]
        assert len(json.loads(target.read_text())) == 7
        assert target.read_text() == preview(workspace, ExportChoice("chat", "x"))
        target.write_text("mine")
        await session.press("enter")
        assert "enter once more replaces it" in session.said("#said")
        assert target.read_text() == "mine"
        await session.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(json.loads(target.read_text())) == 7
        await session.press("escape")
        assert "wrote 3 examples to pool.few_shot.json" in session.said("#feedback")


def test_a_folder_is_previewed_file_by_file() -> None:
    workspace = StoredWorkspace(EXAMPLES)
    for at, one in enumerate(EXAMPLES[:4]):
        decision = Decision(one.id, DecisionKind.LABEL, Answer(LABELS[at % 2].name))
        workspace.session.record(decision, pick=None, seconds=None)
    text = preview(workspace, ExportChoice("hf", "x", k=3))
    assert "── train.jsonl\n" in text and "── README.md\n" in text
    assert text.count('"label": ') == 3
    for order in ORDERS:
        assert preview(workspace, ExportChoice("jsonl", "x", order=order)).count("\n") == 4


@pytest.mark.parametrize(
    ("pool", "path"),
    [
        ("pool.jsonl", "pool.few_shot.csv"),
        ("a/b.c.jsonl.gz", "a/b.c.few_shot.csv"),
        ("-", "stdin.few_shot.csv"),
    ],
)
def test_an_export_lies_beside_its_pool(pool: str, path: str) -> None:
    assert usual_path(pool, "csv") == path
