"""Copying out of a terminal: which way, and that it is told."""

from __future__ import annotations

import os
from base64 import b64decode
from pathlib import Path

import pytest

from neufs_tui.app.clipboard import copy
from tests.app.test_label_app import app_on, start

TEXT = "naïve “text”\n\x1b[31m"


def fake_tmux(folder: Path, *, fails: bool = False) -> dict[str, str]:
    """An environment in which `tmux` keeps what it is given, or fails."""
    tmux = folder / "tmux"
    tmux.write_text(
        f'#!/bin/sh\necho "$@" > {folder}/asked\ncat > {folder}/buffer\nexit {int(fails)}\n'
    )
    tmux.chmod(0o755)
    return {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}


def copied(text: str, environ: dict[str, str], path: Path) -> tuple[str, list[str]]:
    written: list[str] = []
    return copy(text, write=written.append, environ=environ, path=path), written


def test_in_tmux_its_buffer_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = fake_tmux(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert copied(TEXT, environ, tmp_path / "clip") == ("tmux buffer", [])
    assert (tmp_path / "buffer").read_text() == TEXT
    assert (tmp_path / "asked").read_text().split() == ["load-buffer", "-w", "-"]


def test_where_tmux_fails_or_there_is_none_the_terminal_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = fake_tmux(tmp_path, fails=True)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for environ in (failing, {"TERM": "xterm-256color"}):
        way, (sequence,) = copied(TEXT, environ, tmp_path / "clip")
        assert way == "sent to the terminal (OSC 52)"
        assert b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\a")).decode() == TEXT
    assert not (tmp_path / "clip").exists()


@pytest.mark.parametrize(("text", "term"), [("x" * 80_000, "xterm"), (TEXT, "linux")])
def test_what_no_terminal_takes_is_written_to_a_file(text: str, term: str, tmp_path: Path) -> None:
    path = tmp_path / "state" / "clip.txt"
    assert copied(text, {"TERM": term}, path) == (f"saved to {path}", [])
    assert path.read_text() == text


async def test_the_key_copies_the_text_and_says_how(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "linux")
    app, startup = app_on()
    async with app.run_test(size=(160, 24)) as pilot:
        session = await start(pilot, startup)
        await session.press("Y")
        path = tmp_path / "neufs-tui" / "clipboard.txt"
        assert session.said("#feedback") == f"copied: saved to {path}"
        assert path.read_text() == "Text number 1."
        path.unlink()
        path.mkdir()
        await session.press("Y")
        assert session.said("#feedback").startswith("not copied: ")
