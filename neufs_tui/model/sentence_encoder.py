"""A sentence encoder, which makes a vector of a text without any prompt: a yardstick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.libraries import quieten


def sentence_encoder(choice: ModelChoice) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Load a sentence encoder.

    Args:
        choice: its folder or hub id, and where it runs.

    Returns:
        What makes a vector of each of n texts, shape (n, d).

    Raises:
        UsageError: sentence-transformers is not there.
        ModelError: the encoder cannot be loaded.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise UsageError(
            "a sentence encoder needs sentence-transformers",
            hint="pip install 'neufs-tui[embed]'",
        ) from error
    is_on_hub = not Path(choice.name).exists()
    if is_on_hub and choice.name.startswith((".", "/", "~")):
        raise ModelError(f"there is no folder {choice.name}", hint="check the path")
    quieten()
    with told_of("reading the sentence encoder", choice.name, is_on_hub=is_on_hub):
        encoder = SentenceTransformer(
            choice.name, device=choice.device, trust_remote_code=choice.trust_remote_code
        )

    def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(encoder.encode([*texts], show_progress_bar=False), dtype=np.float32)

    return vectors
