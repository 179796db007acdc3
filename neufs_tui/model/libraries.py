"""Libraries that talk to the terminal by themselves, asked to be quiet."""

from __future__ import annotations

from transformers.utils import logging


def quieten() -> None:
    """Turn off transformers' progress bars and advice; errors still arrive as exceptions."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
