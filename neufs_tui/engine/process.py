"""The engine's process: serves one app after the other, and ends by itself.

Run as `python -m neufs_tui.engine.process FD [LISTENER LOCK SESSION FOLDER]`: its end of the pipe
to the app that starts it, and, where it may be found by the next, the descriptors of its place,
the session file and the folder of all places. What it or a library under it prints goes to the
log file.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from neufs_tui.engine.door import Door
from neufs_tui.engine.line import Line
from neufs_tui.engine.place import Place
from neufs_tui.engine.protocol import EngineFailed
from neufs_tui.engine.worker import Engine
from neufs_tui.errors import NeufsError
from neufs_tui.storage.paths import LOG_FORMAT

logger = logging.getLogger(__name__)


def _serve_apps(line: Line, first: Connection, engine: Engine, door: Door | None) -> None:
    """Take in what apps say, and end the process once none is there or comes."""
    status = 1
    try:
        app: Connection | None = first
        while app is not None:
            stay_s = line.listen(app)
            logger.info("the app has hung up; stays for %g s", stay_s)
            app = door.wait(stay_s) if door is not None else None
        engine.store()
        status = 0
    except Exception:
        logger.exception("the engine cannot hear")
    finally:
        if door is not None:
            door.close()
        logger.info("stopped")
        sys.stdout.flush()
        # In the middle of a batch, which may take long: nobody waits for it
        os._exit(status)


def main() -> None:
    """Serve apps until none is there, or the work cannot go on."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    pipe, *place = sys.argv[1:]
    door = None
    if place:
        listener, lock, session, folder = place
        door = Door(Place(Path(session), Path(folder)), int(listener), int(lock))
    line = Line()
    engine = Engine(line)
    hearing = (line, Connection(int(pipe)), engine, door)
    threading.Thread(target=_serve_apps, args=hearing, name="engine-ear", daemon=True).start()
    try:
        engine.serve()
    except NeufsError as error:
        logger.exception("the engine cannot go on")
        line.send(EngineFailed(error.message, error.hint))
    except RuntimeError as error:
        from neufs_tui.model.loading.failures import is_out_of_memory  # the engine has torch by now

        if not is_out_of_memory(error):
            raise
        logger.exception("out of memory")
        line.send(EngineFailed("the model ran out of memory", "", out_of_memory=True))
    finally:
        if door is not None:
            door.close()


if __name__ == "__main__":
    main()
