"""What calibrates the answers is kept for the manifest, and nothing where nothing does."""

from __future__ import annotations

from pathlib import Path

from neufs_tui.core.calibration import Calibration
from neufs_tui.storage.session import Session

FOUND = Calibration(
    (("x", "A"), ("y", "B")),
    {"A": 0.5, "B": -0.5},
    {"A": 0.25, "B": -0.25},
    {"A": 0.75, "B": 0.25},
    9,
    64,
)


def test_the_newest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    with Session.open(path, write=True) as session:
        assert session.calibration.get() is None
        session.calibration.keep(FOUND)
        assert session.calibration.get() == FOUND
    with Session.open(path, write=True) as session:
        assert session.calibration.get() == FOUND
        session.calibration.keep(None)
        assert session.calibration.get() is None
