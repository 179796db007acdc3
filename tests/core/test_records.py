"""What an example is called."""

from __future__ import annotations

import pytest

from neufs_tui.core.records import Example


@pytest.mark.parametrize(
    ("source_id", "stable"), [(None, "f00d"), (17, 17), ("a", "a"), (0, 0), ("0", "0")]
)
def test_an_example_is_known_by_its_own_id_wherever_it_stands(
    source_id: str | int | None, stable: str | int
) -> None:
    ids = [Example("f00d", "text", row, source_id).stable_id for row in (0, 7)]
    assert ids == [stable, stable]


def test_the_first_example_is_number_one() -> None:
    assert [Example("f00d", "text", row).number for row in range(3)] == [1, 2, 3]
