"""What calibrated the answers of the session's model last, for the manifest of an export."""

from __future__ import annotations

from neufs_tui.core.calibration import Calibration
from neufs_tui.storage.session_file import SessionFile
from neufs_tui.storage.stored_json import calibration_from_json, to_json

_NAME = "calibration"


class KeptCalibration:
    """The newest calibration of one session."""

    def __init__(self, file: SessionFile) -> None:
        """Bind an open file."""
        self._file = file

    def get(self) -> Calibration | None:
        """The newest; None where answers stay as they are."""
        text = self._file.state(_NAME)
        return calibration_from_json(text) if text else None

    def keep(self, calibration: Calibration | None) -> None:
        """Store it in the place of the one before.

        It can be found again, so nobody waits until it is on disk.

        Raises:
            SessionError: it could not be stored.
        """
        text = to_json(calibration) if calibration is not None else ""
        if (self._file.state(_NAME) or "") != text:
            with self._file.transaction(durable=False):
                self._file.keep_state(_NAME, text)
