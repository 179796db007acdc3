"""How the commands call an example."""

from __future__ import annotations

from neufs_tui.core.records import Example


def id_or_number(example: Example) -> str:
    """Its own id, else the number that it has on the screen."""
    return f"#{example.number}" if example.source_id is None else str(example.source_id)


def id_and_number(example: Example) -> str:
    """Its own id with the number that it has on the screen."""
    number = f"#{example.number}"
    return number if example.source_id is None else f"{example.source_id} ({number})"
