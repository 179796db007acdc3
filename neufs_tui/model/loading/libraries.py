"""Libraries that talk to the terminal by themselves, asked to be quiet."""

from __future__ import annotations

import warnings

from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging


def quieten() -> None:
    """Turn off progress bars, advice and retries told aloud; errors still arrive as exceptions."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # Said where a checkpoint that is packed is to be unpacked
    warnings.filterwarnings("ignore", message="You passed `quantization_config`")
