"""An engine without a model: does what the environment variable FAKE_ENGINE says."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from neufs_tui.engine.protocol import EngineFailed, Focus, Ranked, ScanProgressed, Stop

connection = Connection(int(sys.argv[1]))
config = connection.recv()
behaviour, counter = os.environ["FAKE_ENGINE"], Path(os.environ["FAKE_COUNTER"])
counter.open("a").write("started\n")
starts = len(counter.read_text().splitlines())
# the batch size it was started with, told where the tests can see it
connection.send(ScanProgressed(done=config.batch_halvings, total=starts, rate=0, remaining_s=None))
sys.stdout.write("noise on standard output\n")
if behaviour == "dies at once":
    os.kill(os.getpid(), signal.SIGKILL)
if behaviour == "refuses":
    connection.send(EngineFailed("the model is not there", "name another"))
    sys.exit(0)
if behaviour == "runs out of memory once" and starts == 1:
    connection.send(EngineFailed("the model ran out of memory", "", out_of_memory=True))
    sys.exit(0)
while True:
    try:
        request = connection.recv()
    except EOFError:
        sys.exit(0)
    if isinstance(request, Stop):
        if behaviour == "does not stop":
            signal.pause()
        sys.exit(0)
    assert isinstance(request, Focus)
    if behaviour == "dies on the first focus" and starts == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    connection.send(Ranked(request.revision, request.shown, None, None, None, (), complete=False))
