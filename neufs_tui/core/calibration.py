"""What calibrates a model's answers behind a set of demonstrations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from neufs_tui.core.records import ExampleId

SAMPLE = 64
"""Texts that answers are calibrated on."""
MIN_SAMPLE = 32
"""Texts below which a sample says too little."""
MIN_LABELS = 8
"""Labels given below which they say too little of the classes: with 4, calibrated answers were
worse than raw ones where classes are unequal."""

Shift = tuple[float, ...]
"""What is added to the labels' scores, in the labels' order."""


@dataclass(frozen=True, slots=True)
class Offsets:
    """What calibration adds to scores; None adds nothing."""

    scanned: Shift | None = None
    """To what was read without demonstrations."""
    reread: Shift | None = None
    """To what was read with the present ones."""


RAW = Offsets()
"""Scores as they are."""


class Uncalibrated(Enum):
    """Why answers stay as the model gives them."""

    UNWANTED = auto()
    FEW_LABELS = auto()
    """They say too little of how frequent the classes are."""
    FEW_TEXTS = auto()
    """Too few of the pool are neither labelled nor for the check set."""
    MANY_CLASSES = auto()
    """So many that those that cannot win are not read to their end: their scores are estimates."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Offsets, and what they were found by; mappings are by label name."""

    demonstrations: tuple[tuple[ExampleId, str], ...]
    """In the prompt, in its order, each with its label."""
    offsets: Mapping[str, float]
    """Added to a label's score, the mean log-probability of its tokens, in nats; of mean 0."""
    offsets_without: Mapping[str, float]
    """The same where no demonstration is in the prompt."""
    prior: Mapping[str, float]
    """The share expected of each label."""
    n_labels: int
    """Labels by which it is."""
    n_sample: int
    """Texts on which the mean probabilities were made equal to it."""
