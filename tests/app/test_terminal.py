"""What a terminal can show: colours and characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neufs_tui.app.ascii_driver import AsciiDriver
from neufs_tui.app.main import LIGHT, THEME, LabelApp
from neufs_tui.app.terminal import as_ascii, set_color, wants_ascii
from neufs_tui.errors import UsageError
from tests.app.test_label_app import EXAMPLES
from tests.fakes import FakeStartup, StoredWorkspace


@pytest.mark.parametrize(
    ("asked", "environ", "changes"),
    [
        ("auto", {"TERM": "xterm-256color"}, {}),
        ("auto", {"TERM": "xterm-ghostty"}, {"TEXTUAL_COLOR_SYSTEM": "truecolor"}),
        ("auto", {"TERM": "foot", "COLORTERM": "truecolor"}, {}),
        ("auto", {"TERM": "foot", "TEXTUAL_COLOR_SYSTEM": "256"}, {}),
        ("truecolor", {"TEXTUAL_COLOR_SYSTEM": "256"}, {"TEXTUAL_COLOR_SYSTEM": "truecolor"}),
        ("256", {}, {"TEXTUAL_COLOR_SYSTEM": "256"}),
        ("16", {}, {"TEXTUAL_COLOR_SYSTEM": "standard"}),
        ("never", {}, {"NO_COLOR": "1"}),
    ],
)
def test_colours_are_as_asked_or_as_the_terminals_name_says(
    asked: str, environ: dict[str, str], changes: dict[str, str]
) -> None:
    before = dict(environ)
    set_color(asked, environ)
    assert environ == before | changes


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({}, False),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "", "LC_CTYPE": "POSIX"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
    ],
)
def test_the_locale_says_whether_ascii_is_all_there_is(
    environ: dict[str, str], ascii_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wants_ascii(environ) is ascii_only
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    driver = app().get_driver_class()
    assert issubclass(driver, AsciiDriver) is ascii_only


@given(st.text())
def test_stand_ins_are_ascii_and_take_as_many_cells(text: str) -> None:
    shown = as_ascii(text)
    assert shown.isascii()
    for char in text:
        assert cell_len(as_ascii(char)) == cell_len(char) or char.isascii()


def test_the_signs_of_the_screen_have_stand_ins_that_say_the_same() -> None:
    assert as_ascii("▁▂▃▄▅▆▇█ ✓ › ● ≠ … ↑↓ — naïve 你") == "..:-=+*# v > * ! . ^v - naive ??"


def app(theme: str | None = None) -> LabelApp:
    return LabelApp(FakeStartup(StoredWorkspace(EXAMPLES)), theme=theme)


def test_themes_are_taken_by_name_and_others_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    assert app().theme == THEME.name
    assert app(LIGHT.name).theme == LIGHT.name
    assert app("ansi-light").theme == "ansi-light"
    with pytest.raises(UsageError, match="no theme 'nope'") as refused:
        app("nope")
    assert "neufs-light" in refused.value.hint
    monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "standard")
    assert app().theme == "ansi-dark"
    assert app(LIGHT.name).theme == LIGHT.name
