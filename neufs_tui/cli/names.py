"""How the commands call an example."""

from __future__ import annotations

from neufs_tui.core.records import Example


def example_name(example: Example) -> str:
    """Its own id, else its place in the pool, counted from 1."""
    return str(example.source_id) if example.source_id is not None else f"#{example.row + 1}"


def numbered_name(example: Example) -> str:
    """Its own id with the number that it has on the screen."""
    number = f"#{example.row + 1}"
    return number if example.source_id is None else f"{example.source_id} ({number})"
