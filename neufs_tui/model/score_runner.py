"""What the model answers, and nothing of how: label scores without the neurons behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import build_answer_tree
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.reading import Reader


class ScoreRunner:
    """Scores every label of one task to its end, whatever its chances."""

    def __init__(
        self, loaded: LoadedModel, candidates: Sequence[Sequence[int]], settings: CaptureSettings
    ) -> None:
        """Bind what is the same for every prompt.

        Args:
            loaded: the model.
            candidates: token ids of each label.
            settings: how prompts are read.
        """
        self._reader = Reader(loaded, build_answer_tree(candidates), settings)

    @property
    def n_likely_slots(self) -> int:
        """Places behind a prompt from which answer tokens are predicted and read."""
        return self._reader.n_likely_slots

    def n_tokens(self, prompt: EncodedPrompt) -> int:
        """Tokens that are about to be read for one prompt and its candidates."""
        return self._reader.n_tokens(prompt.ids)

    def share(self, ids: Sequence[int]) -> int:
        """Read what all prompts to come begin with once; returns how many tokens were read."""
        return self._reader.share(ids)

    @torch.inference_mode()
    def scores(self, prompts: Sequence[EncodedPrompt]) -> list[NDArray[np.float32]]:
        """Mean log-probability of each label's tokens behind each prompt, each (n_labels,)."""
        reading = self._reader.read([prompt.ids for prompt in prompts])
        return list(reading.scores.float().cpu().numpy())
