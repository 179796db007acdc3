from __future__ import annotations

import pytest

from neufs_tui.cli.example_names import id_and_number, id_or_number
from neufs_tui.core.records import Example


@pytest.mark.parametrize(
    ("source_id", "short", "long"),
    [(None, "#1235", "#1235"), ("t17", "t17", "t17 (#1235)"), (0, "0", "0 (#1235)")],
)
def test_an_example_is_called_by_its_own_id_where_it_has_one(
    source_id: str | int | None, short: str, long: str
) -> None:
    example = Example("f00d", "text", 1234, source_id)
    assert (id_or_number(example), id_and_number(example)) == (short, long)
