"""The labelling screen in a pseudo-terminal, for benchmarks."""

from __future__ import annotations

import time

import pexpect
import pyte

ROWS, COLUMNS = 24, 80
BODY = slice(3, 8)
"""Lines of the screen that only the example's text, or a page over it, fills."""
PATIENCE_S = 300


class Screen:
    """One run of the program."""

    def __init__(self, command: list[str], folder: str) -> None:
        """Start it."""
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._child = pexpect.spawn(
            command[0], command[1:], dimensions=(ROWS, COLUMNS), cwd=folder, timeout=PATIENCE_S
        )
        self.n_bytes = 0
        """That have come so far."""
        self._child.delaybeforesend = None  # by default pexpect sleeps 50 ms before each key

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    @property
    def body(self) -> list[str]:
        """The lines that show an example or a page."""
        return list(self.screen.display[BODY])

    def read(self, seconds: float = PATIENCE_S) -> float:
        """Take in what has come, waiting for something at most so long; returns when it came."""
        try:
            received = self._child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return time.perf_counter()
        arrived = time.perf_counter()
        self.n_bytes += len(received)
        self._stream.feed(received)
        return arrived

    def wait_for(self, words: str) -> None:
        """Read until some words are on the screen."""
        while words not in self.text:
            self.read()

    def pause(self, seconds: float) -> None:
        """Go on reading for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def send(self, key: str) -> None:
        """Press a key, and wait for nothing."""
        self._child.send(key)

    def press(self, key: str) -> float:
        """Seconds from the key until the body has changed."""
        before, began = self.body, time.perf_counter()
        self.send(key)
        arrived = began
        while self.body == before:
            arrived = self.read()
        return arrived - began

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return int(self._child.pid)

    def quit(self) -> float:
        """End the program; seconds that it takes."""
        began = time.perf_counter()
        self._child.send("q")
        self._child.expect(pexpect.EOF)
        self._child.close()
        return time.perf_counter() - began
