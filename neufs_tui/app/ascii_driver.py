"""A terminal that shows nothing but ASCII."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from neufs_tui.app.terminal import as_ascii


class AsciiDriver(LinuxDriver):
    """Writes stand-ins for all other characters, each in as many cells."""

    def write(self, data: str) -> None:
        """Write what the terminal can show; escape sequences are ASCII and stay."""
        super().write(as_ascii(data))
