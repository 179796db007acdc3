"""What a headless command tells of its work."""

from __future__ import annotations

import pytest

from neufs_tui.cli.narrator import Narrator
from neufs_tui.engine.protocol import ScanProgressed


def test_the_time_left_is_that_of_this_run_after_a_leap_over_what_was_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Narrator(work="reading", unit="prompts") as narrator:
        narrator(ScanProgressed(0, 384, 0.0, None))
        narrator(ScanProgressed(96, 384, 0.0, None))
        narrator(ScanProgressed(99, 384, 0.4, 712.6))
    told = capsys.readouterr().err
    assert "99/384 prompts, 0.4/s" in told
    assert "0:11:53" in told
