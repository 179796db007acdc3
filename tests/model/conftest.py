"""What the tests of models share."""

from __future__ import annotations

import pytest

from tests.models import Listener


@pytest.fixture
def listener() -> Listener:
    return Listener()
