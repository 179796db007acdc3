"""The program in a real pseudo-terminal, with the screen as a person sees it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

PROGRAM = str(Path(sys.executable).with_name("neufs-tui"))
PATIENCE_S = 60
"""Generous: the machine may be busy with other things."""


class Terminal:
    """One run of `neufs-tui` on a screen of its own, which ends with its `with`."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = bytearray()
        """Every byte that the program has sent."""
        self.started = time.perf_counter()
        self.child = pexpect.spawn(
            PROGRAM,
            list(arguments),
            dimensions=(rows, columns),
            cwd=str(cwd),
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_error: object) -> None:
        """End what still runs; the engine ends with the app."""
        self.child.close(force=True)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait(self, condition: Callable[[str], object], what: str) -> str:
        """Read until the screen meets a condition; returns the screen."""
        end = time.monotonic() + PATIENCE_S
        while not condition(self.text):
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"never saw {what}; last seen:\n{self.text}")
        return self.text

    def wait_for(self, words: str) -> str:
        """Read until some words are on the screen."""
        return self.wait(lambda text: words in text, repr(words))

    def press(self, keys: str) -> None:
        """Send keys to the program."""
        self.child.send(keys)

    def finish(self) -> int:
        """Read until the program ends; returns its exit status."""
        while self._read():
            pass
        self.child.close()
        return -self.child.signalstatus if self.child.signalstatus else self.child.exitstatus

    def kill(self) -> None:
        """Kill the program as `kill -9` does, and every engine that it started."""
        engines = children(self.child.pid)
        for pid in [self.child.pid, *engines]:
            os.kill(pid, signal.SIGKILL)
        self.child.close(force=True)

    def _read(self) -> bool:
        try:
            sent = self.child.read_nonblocking(65536, timeout=PATIENCE_S)
        except (pexpect.EOF, pexpect.TIMEOUT):
            return False
        self.written += sent
        self._stream.feed(sent)
        return True


def children(pid: int) -> list[int]:
    """Process ids of a process's children."""
    return [
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    ]
