"""Copying out of a terminal, by the first way that can work; which it was is told."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import which

_MOST_OSC_52 = 74_994
"""Bytes of base64 that terminals take at once; longer ones are cut or ignored."""
_WITHOUT_OSC_52 = ("linux", "dumb", "vt")
"""How the names of terminals begin that know no such sequence."""


def copy(text: str, *, write: Callable[[str], None], environ: Mapping[str, str], path: Path) -> str:
    """Copy a text, and say where it went.

    Args:
        text: what is copied.
        write: sends a sequence to the terminal.
        environ: of the process.
        path: the file that takes it where nothing else does.

    Returns:
        The way it went: tmux's buffer, which tmux passes on to the terminal; the terminal's own
        clipboard (OSC 52), of which no terminal says whether it took it; else the file.

    Raises:
        OSError: the file cannot be written.
    """
    if environ.get("TMUX") and _to_tmux(text):
        return "tmux buffer"
    encoded = b64encode(text.encode("utf-8", "replace")).decode()
    is_able = not environ.get("TERM", "").startswith(_WITHOUT_OSC_52)
    if is_able and len(encoded) <= _MOST_OSC_52:
        write(f"\x1b]52;c;{encoded}\a")
        return "sent to the terminal (OSC 52)"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace")
    return f"saved to {path}"


def _to_tmux(text: str) -> bool:
    """Whether tmux took it; with `-w` it passes it on to the terminal, whatever `set-clipboard`."""
    tmux = which("tmux")
    if tmux is None:
        return False
    command = [tmux, "load-buffer", "-w", "-"]
    try:
        data = text.encode("utf-8", "replace")
        done = subprocess.run(command, input=data, capture_output=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
