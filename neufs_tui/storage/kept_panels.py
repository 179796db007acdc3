"""What the panel said of each label that holds, beside the journal of one session."""

from __future__ import annotations

from collections.abc import Callable

from neufs_tui.core.explanation import Explanation
from neufs_tui.core.records import ExampleId
from neufs_tui.storage import session_rows
from neufs_tui.storage.journal import EventKind, JournalState
from neufs_tui.storage.session_file import SessionFile


class KeptPanels:
    """The panels of one session."""

    def __init__(self, file: SessionFile, journal: Callable[[], JournalState]) -> None:
        """Bind an open file, and what its journal amounts to at any moment."""
        self._file = file
        self._journal = journal

    def add(self, panel: Explanation) -> None:
        """Store what the panel says of a label that holds, unless something is stored already."""
        seq = self._label_of(panel.example_id)
        if seq is not None and session_rows.read_panel(self._file.db, seq) is None:
            with self._file.transaction() as db:
                session_rows.keep_panel(db, seq, panel)

    def of(self, example_id: ExampleId) -> Explanation | None:
        """What the panel said of an example when it was given the label that holds."""
        seq = self._label_of(example_id)
        return session_rows.read_panel(self._file.db, seq) if seq is not None else None

    def _label_of(self, example_id: ExampleId) -> int | None:
        """The journal's line with which the label that holds got its place."""
        for event in self._journal().holding():
            if event.example_id == example_id and event.kind is EventKind.LABEL:
                return event.order
        return None
