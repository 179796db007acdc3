"""Small values that the tests of storage share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neufs_tui.core.explanation import Alternative, Bar, Explanation, Gap, GapNeuron, Overlap
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    ModelIdentity,
    Pick,
    Reason,
    content_hash,
)
from neufs_tui.storage.pool import Pool, read_pool
from tests import captures
from tests.pools import write_rows


def pool_of(path: Path, *texts: str, **fields: Any) -> Pool:
    """A pool of texts, read from a file."""
    return read_pool(str(write_rows(path, [{"text": text, **fields} for text in texts])))


def label(text: str, name: str = "A") -> Decision:
    return Decision(content_hash(text), DecisionKind.LABEL, Answer(name))


def skip(text: str) -> Decision:
    return Decision(content_hash(text), DecisionKind.SKIP)


def pick(text: str, answer: str = "A") -> Pick:
    reason = Reason(
        neighbourhood=14,
        neuron_count=3012,
        distance=0.61,
        score=0.83,
        signal="entropy",
    )
    shares = {"A": 0.75, "B": 0.25}
    return Pick(content_hash(text), reason, answer, shares, n_scanned=100, n_labelled=3)


def panel(text: str) -> Explanation:
    neuron = GapNeuron(2, 17, 1.5, (" yes",), ("\n",), content_hash("a"), -0.25, 4)
    gap = Gap(1, 553, (0, 0, 1), 0.5, 2, 90, 95)
    return Explanation(
        example_id=content_hash(text),
        answer="A",
        probabilities={"A": 0.75, "B": 0.25},
        n_labelled=1,
        gap=gap,
        neurons=(neuron,),
        bars=(Bar("L2.17", 1, 1.5), Bar("all other neurons", 500, -2.25)),
        overlap=Overlap(content_hash("a"), 0.5, 300, 3, 250),
        alternatives=(Alternative("random", content_hash("c"), 0.125),),
        model=ModelIdentity("smollm2-135m", "0f3c", "cpu", "float32"),
    )


def capture(*neurons: int, n_labels: int = 2, truncated: bool = False) -> Capture:
    return captures.capture(
        neurons,
        scores=np.linspace(-2, -0.5, n_labels),
        contributions=np.linspace(0.1, 3, len(neurons)),
        neuron_count=3 * len(neurons),
        n_answer_tokens=2,
        participation=0.7 * len(neurons),
        truncated=truncated,
    )
