"""Engines forked from a process that has PyTorch and transformers in memory already.

To import them takes an engine longer than most tests take. Run as `python tests/forked.py …`, and

- `serve FD`, this is that process, which listens at a socket and ends with its standard input;
- `fork SOCKET …`, it stands for `python -m neufs_tui.engine.process …`: it hands its descriptors
  on, ends as the fork ends, and the fork is killed when it is;
- `neufs-tui …`, it is the program, with such engines if a test serves them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

_HIGH = 1000
"""No descriptor of this process is as high."""
_N_DESCRIPTORS = 8


SOCKET = "ENGINE_FORKS"
"""Environment variable that tells programs of a test where engines are forked, if they are."""


def use_forks() -> None:
    """From here on, engines of this process are forked."""
    from neufs_tui.engine.client import EngineClient

    assert EngineClient.__init__.__kwdefaults__ is not None
    command = (sys.executable, "-I", "-S", __file__, "fork", os.environ[SOCKET])
    EngineClient.__init__.__kwdefaults__["command"] = command


@contextmanager
def fork_server(path: Path) -> Iterator[None]:
    """Serve forks at a socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-P", __file__, "serve", str(listener.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    assert server.stdin is not None
    with server:
        yield
        server.stdin.close()


def _launch(path: str, arguments: list[str]) -> NoReturn:
    descriptors = [int(one) for one in arguments if one.isdecimal()]
    told = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [b"."], [0, 1, 2, *descriptors])
        server.sendall(json.dumps(told | {"descriptors": descriptors}).encode() + b"\n")
        for one in descriptors:
            os.close(one)
        status = int(server.recv(16))
    if status < 0:
        os.kill(os.getpid(), -status)
    os._exit(status)


def _serve(listener: socket.socket) -> None:
    import gc
    import selectors

    import neufs_tui.engine.process
    import neufs_tui.model.loading.checked
    import neufs_tui.selection.registry  # noqa: F401

    gc.freeze()
    with selectors.DefaultSelector() as waiting:
        waiting.register(0, selectors.EVENT_READ)
        waiting.register(listener, selectors.EVENT_READ)
        forks: dict[int, tuple[int, socket.socket]] = {}
        while True:
            for key, _ in waiting.select():
                if key.fd == 0:
                    for pid, _ in forks.values():
                        os.kill(pid, signal.SIGKILL)
                    return
                if key.fileobj is listener:
                    launcher, _ = listener.accept()
                    pid = _forked(launcher)
                    ended = os.pidfd_open(pid)
                    forks[ended] = pid, launcher
                    waiting.register(ended, selectors.EVENT_READ)
                    waiting.register(launcher, selectors.EVENT_READ, pid)
                elif key.fd in forks:
                    pid, launcher = forks.pop(key.fd)
                    _, status = os.waitpid(pid, 0)
                    waiting.unregister(key.fd)
                    os.close(key.fd)
                    if launcher.fileno() in waiting.get_map():
                        waiting.unregister(launcher)
                        launcher.sendall(str(os.waitstatus_to_exitcode(status)).encode())
                    launcher.close()
                else:
                    os.kill(key.data, signal.SIGKILL)  # the launcher was
                    waiting.unregister(key.fileobj)


def _forked(launcher: socket.socket) -> int:
    _, received, _, _ = socket.recv_fds(launcher, 1, _N_DESCRIPTORS)
    with launcher.makefile("rb") as lines:
        told = json.loads(lines.readline())
    pid = os.fork()
    if not pid:
        _run(received, told)
    for one in received:
        os.close(one)
    return pid


def _run(received: list[int], told: dict) -> NoReturn:
    from neufs_tui.engine.process import main

    status = 1
    try:
        os.setsid()
        for place, one in enumerate(received):
            os.dup2(one, _HIGH + place)
        os.closerange(3, _HIGH)
        for place, target in enumerate([0, 1, 2, *told["descriptors"]]):
            os.dup2(_HIGH + place, target)
            os.close(_HIGH + place)
        os.environ.clear()
        os.environ.update(told["environment"])
        os.chdir(told["folder"])
        sys.argv[1:] = told["arguments"]
        main()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    del sys.argv[0]
    if sys.argv[0] == "serve":
        _serve(socket.socket(fileno=int(sys.argv[1])))
    elif sys.argv[0] == "fork":
        _launch(sys.argv[1], sys.argv[2:])
    else:
        from neufs_tui.cli import main

        if SOCKET in os.environ:
            use_forks()
        main()
