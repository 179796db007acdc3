"""The program run by someone whom permissions bind, also where the tests run as root."""

from __future__ import annotations

import subprocess
import sys

_WITHOUT_CAPABILITIES = """
import ctypes, os, sys
if os.geteuid() == 0:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        sys.exit("the rights of root could not be given up")
"""


def run_unprivileged(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python code without the right to pass over permissions."""
    command = [sys.executable, "-c", _WITHOUT_CAPABILITIES + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def neufs_tui_unprivileged(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command so."""
    code = "from neufs_tui.cli import main\nsys.argv[0] = 'neufs-tui'\nmain()\n"
    return run_unprivileged(code, *arguments)
