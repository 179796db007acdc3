"""The program in a real pseudo-terminal, with the screen as a person sees it."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

PROGRAM = str(Path(sys.executable).with_name("neufs-tui"))
WITH_FORKS = (sys.executable, "-P", str(Path(__file__).with_name("forked.py")), "neufs-tui")
"""The same, with engines that are forked (`tests/forked.py`)."""
PATIENCE_S = 60
"""Generous: the machine may be busy with other things."""
LEAVES_SCREEN = b"\x1b[?1049l"
"""Brings back what was on the terminal before."""
ASKS_FOR_FRAMES, MARKS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""A program asks whether the terminal knows where a frame begins and ends, and it does."""
BEGINS_FRAME, ENDS_FRAME = b"\x1b[?2026h", b"\x1b[?2026l"


class Terminal:
    """One run of `neufs-tui` on a screen of its own, which ends with its `with`."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
        command: tuple[str, ...] = WITH_FORKS,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = bytearray()
        """Every byte that the program has sent."""
        self.started = time.perf_counter()
        self.child = pexpect.spawn(
            command[0],
            [*command[1:], *arguments],
            dimensions=(rows, columns),
            cwd=str(cwd),
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "PYTHONFAULTHANDLER": "1",  # of use when a program never ends
                "NEUFS_KEEP_ENGINE": "0",
                **(environment or {}),
            },
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
        while self._is_in_frame or not condition(self.text):
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"never saw {what}; last seen:\n{self.text}")
        return self.text

    def wait_for(self, words: str) -> str:
        """Read until some words are on the screen."""
        return self.wait(lambda text: words in text, repr(words))

    def press(self, keys: str) -> None:
        """Send keys to the program."""
        self.child.send(keys)

    def wait_for_labels(self, n: int) -> str:
        """Wait until so many labels are said to have been given; returns the screen's text."""
        return self.wait(lambda text: has_labels(text, n), f"{n} labels")

    def finish(self) -> int:
        """Read until the program ends; returns its exit status.

        Raises:
            AssertionError: it goes on; says what was on the screen, and where its threads are.
        """
        while self._read():
            pass
        if self.child.isalive() and not self.child.flag_eof:
            seen = self.text
            os.kill(self.child.pid, signal.SIGABRT)
            del self.written[:]
            while self._read():
                pass
            raise AssertionError(f"never ended; last seen:\n{seen}\n{self.written.decode()}")
        self.child.close()
        return -self.child.signalstatus if self.child.signalstatus else self.child.exitstatus

    def kill(self) -> None:
        """Kill the program as `kill -9` does, and every engine that it started."""
        engines = children(self.child.pid)
        for pid in [self.child.pid, *engines]:
            os.kill(pid, signal.SIGKILL)
        self.child.close(force=True)

    def wait_until_stopped(self) -> None:
        """Read until the program has given the terminal back and waits for the shell."""
        while LEAVES_SCREEN not in self.written:
            assert self._read(), f"never left the screen; last seen:\n{self.text}"
        os.waitpid(self.child.pid, os.WUNTRACED)

    def _read(self) -> bool:
        try:
            sent = self.child.read_nonblocking(65536, timeout=PATIENCE_S)
        except (pexpect.EOF, pexpect.TIMEOUT):
            return False
        self.written += sent
        self._stream.feed(sent)
        if ASKS_FOR_FRAMES in sent:
            self.child.send(MARKS_FRAMES)
        return True

    @property
    def _is_in_frame(self) -> bool:
        """Whether only part of what the program paints at once is on the screen."""
        return self.written.rfind(BEGINS_FRAME) > self.written.rfind(ENDS_FRAME)


def has_labels(text: str, n: int) -> bool:
    """Whether a screen says that so many labels were given."""
    said = rf"(?<!of )\b{n} (of \d+ )?labels?(, \d+ wanted)?( · about [\w ]+)? · \d+ left"
    return re.search(said, text) is not None


def wait_for_end(process: int) -> None:
    """Wait until a process that is not this one's child has ended; `process` is a pidfd of it."""
    try:
        ended, _, _ = select.select([process], [], [], PATIENCE_S)
        assert ended, "still running"
    finally:
        os.close(process)


def children(pid: int) -> list[int]:
    """Process ids of a process's children."""
    return [
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    ]
