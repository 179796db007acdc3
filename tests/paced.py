"""The program or its engine with batches that wait for a test: each byte of a fifo lets one pass.

`PACED_FIFO` names the fifo. Run as `python tests/paced.py scan POOL …`, or with the engine's
descriptors as the arguments.
"""

from __future__ import annotations

import fcntl
import os
import sys
import termios
import time
from array import array
from pathlib import Path

from neufs_tui.core.neurons import Capture
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt

PACED = (sys.executable, "-P", str(Path(__file__)))

PATIENCE_S = 60


class Pace:
    """A test's end of the fifo."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        # For reading too: opening waits for nobody, and the fifo outlives each process behind it
        self._fifo = os.open(path, os.O_RDWR)

    def let_pass(self, n_batches: int) -> None:
        os.write(self._fifo, b"." * n_batches)

    def wait_until_read(self) -> None:
        """Wait until all batches that were let pass have begun."""
        end = time.monotonic() + PATIENCE_S
        n_left = array("i", [1])
        while n_left[0]:
            assert time.monotonic() < end, "nobody reads on"
            time.sleep(0.01)
            fcntl.ioctl(self._fifo, termios.FIONREAD, n_left)

    def close(self) -> None:
        os.close(self._fifo)


def main() -> None:
    fifo = os.open(os.environ["PACED_FIFO"], os.O_RDONLY)
    capture = CaptureRunner.capture

    def paced(runner: CaptureRunner, prompts: list[EncodedPrompt]) -> list[Capture]:
        os.read(fifo, 1)
        return capture(runner, prompts)

    CaptureRunner.capture = paced  # type: ignore[method-assign]
    if sys.argv[1].isdecimal():
        from neufs_tui.engine.process import main as run
    else:
        from neufs_tui.cli import main as run
    run()


if __name__ == "__main__":
    main()
