"""An engine without a model: does what the environment variable FAKE_ENGINE says."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineFailed,
    Explain,
    Explained,
    Focus,
    ModelReady,
    Ranked,
    Rescored,
    ScanProgressed,
)
from neufs_tui.engine.wire import Quit, Restorer

TOTAL = 4
"""Examples of the pool that it says it scans."""

connection, restorer = Connection(int(sys.argv[1])), Restorer()
behaviour, counter = os.environ["FAKE_ENGINE"], Path(os.environ["FAKE_COUNTER"])
if behaviour == "hears late":
    os.read(os.open(os.environ["FAKE_GATE"], os.O_RDONLY), 1)
connection.recv()  # how long to stay
config = restorer.restore(connection.recv())
assert isinstance(config, EngineConfig)
counter.open("a").write("started\n")
starts = len(counter.read_text().splitlines())


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def scanned(done: int) -> None:
    connection.send(ScanProgressed(done=done, total=TOTAL, rate=0, remaining_s=None))


def ranked(focus: Focus) -> None:
    connection.send(Ranked(focus.revision, focus.shown, None, None, None, (), complete=False))


# the batch size it was started with and which start it is, told where the tests can see it
told = f"{config.batch_halvings} {starts}"
connection.send(ModelReady("fake", "cpu", "float32", told, "f00d"))
sys.stdout.write("noise on standard output\n")
match behaviour:
    case "dies at once":
        die()
    case "dies after an example more":
        scanned(min(starts, TOTAL))
        die()
    case "refuses":
        connection.send(EngineFailed("the model is not there", "name another"))
        sys.exit(0)
    case "runs out of memory once" if starts == 1:
        connection.send(EngineFailed("the model ran out of memory", "", out_of_memory=True))
        sys.exit(0)
    case "dies in the middle of an event" if starts == 1:
        os.write(connection.fileno(), b"\x00\x00\x10\x00half")
        die()
scanned(TOTAL)
while True:
    try:
        if isinstance(sent := connection.recv(), Quit):
            raise EOFError
        request = restorer.restore(sent)
    except (EOFError, OSError):
        if behaviour == "does not stop":
            signal.pause()
        sys.exit(0)
    if isinstance(request, Explain):
        connection.send(Explained(request.example_id, None))
        continue
    assert isinstance(request, Focus)
    match behaviour:
        case "dies on the first focus" if starts == 1:
            die()
        case "dies after a ranking":
            ranked(request)
            die()
        case "dies after rereading behind a label more":
            n_labels = min(starts, TOTAL)
            connection.send(Rescored(n_labels, n_labels, done=3, total=3))
            die()
    ranked(request)
