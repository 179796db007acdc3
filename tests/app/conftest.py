"""Every session that a test opens is closed at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import OPENED


@pytest.fixture(autouse=True)
def closed_sessions() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()
