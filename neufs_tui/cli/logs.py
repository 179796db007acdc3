"""What is logged goes to the log file: on the terminal it would spoil the screen."""

from __future__ import annotations

import logging

from neufs_tui.cli.output import say
from neufs_tui.storage.paths import LOG_FORMAT, log_path


def log_to_file() -> str:
    """Begin to log.

    Returns:
        Why nothing is logged, in a sentence that was said already; empty when the file is open.
    """
    path = log_path()
    logging.raiseExceptions = False  # a disk that is full later costs lines of the log alone
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=path, level=logging.INFO, format=LOG_FORMAT)
    except OSError as error:
        # Without any handler, warnings would be printed
        logging.basicConfig(handlers=[logging.NullHandler()])
        trouble = f"no log is kept: {path} cannot be written ({error.strerror})"
        say(trouble)
        return trouble
    return ""
