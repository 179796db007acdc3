"""Label probabilities of texts, by what a few labels teach of what a model holds of them.

    from readout import predict
    predict(["a new text"])  # a mapping of label to probability for each text

Needs the files beside it, neufs-tui, and the model that `readout.json` names.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from neufs_tui.engine import exported_readout


@cache
def load(**how: Any) -> exported_readout.ExportedReadout:
    """Load the model, once; `how` as for `neufs_tui.engine.exported_readout.load`."""
    return exported_readout.load(Path(__file__).parent, **how)


def predict(texts: Sequence[str]) -> list[dict[str, float]]:
    """The probability of each label, of each text."""
    return load().predict(texts)
