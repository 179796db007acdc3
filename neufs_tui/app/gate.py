"""Type-ahead: a key counts only if it was read after the display it acts on was painted."""

from __future__ import annotations


class Gate:
    """Shut when the display changes, open once it is on the terminal.

    Times are seconds on the monotonic clock, which Textual stamps on a key when it is read.
    """

    def __init__(self) -> None:
        """Begin shut: nothing is painted yet."""
        self._opened_at: float | None = None
        self._n_early = 0

    @property
    def is_open(self) -> bool:
        """Whether the present display is painted."""
        return self._opened_at is not None

    def shut(self) -> None:
        """Another display is on its way."""
        self._opened_at = None

    def open(self, painted_at: float) -> None:
        """The display was painted."""
        self._opened_at = painted_at

    def take_early(self) -> int:
        """How many keys came too early since this was last asked."""
        n_early, self._n_early = self._n_early, 0
        return n_early

    def admits(self, read_at: float) -> bool:
        """Whether a key may act; one that may not is counted."""
        if self._opened_at is None or read_at < self._opened_at:
            self._n_early += 1
            return False
        return True

    def seconds(self, read_at: float) -> float | None:
        """From paint to key; None while shut."""
        return None if self._opened_at is None else max(0.0, read_at - self._opened_at)
