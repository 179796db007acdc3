"""What one example switches on in the model, and what of it the labelled ones leave open.

A neuron is named by its flat id, `layer * d_mlp + index`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Capture:
    """What one example switched on for the model's own answer."""

    answer: int
    """Index of the predicted label in the task's labels."""
    scores: NDArray[np.float32]
    """Mean log-probability of each candidate's tokens, shape (n_labels,)."""
    neurons: NDArray[np.uint32]
    """Flat ids of the neuron set N(x), ascending, shape (k,)."""
    contributions: NDArray[np.float16]
    """Largest contribution of each of them over the answer positions, shape (k,)."""
    neuron_count: int
    """Q(x): distinct neurons kept over all layers, before the set is cut to size."""
    n_answer_tokens: int
    """Tokens of the predicted label."""
    truncated: bool = False
    """The text was cut in the middle to fit the context window."""

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax over the candidates' mean log-probabilities, shape (n_labels,)."""
        odds = np.exp(self.scores.astype(np.float64) - float(self.scores.max()))
        return np.asarray(odds / odds.sum())


def standardised_counts(
    neuron_counts: NDArray[np.int64], n_answer_tokens: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Neuron counts made comparable across answer lengths.

    Longer answers keep more distinct neurons by construction, so a count says something only
    among answers of equal length: each is taken as standard deviations from the mean of its
    group. The map is linear inside a group, so with one group the paper's scores are unchanged.

    Args:
        neuron_counts: Q(x), shape (n,).
        n_answer_tokens: tokens of each predicted label, shape (n,).

    Returns:
        Standardised counts, shape (n,); 0 throughout a group whose counts are all equal.
    """
    standardised = np.zeros(len(neuron_counts))
    for length in np.unique(n_answer_tokens):
        group = n_answer_tokens == length
        counts = neuron_counts[group].astype(np.float64)
        spread = counts.std()
        if spread > 0:
            standardised[group] = (counts - counts.mean()) / spread
    return standardised


def count_percentile(
    index: int, neuron_counts: NDArray[np.int64], n_answer_tokens: NDArray[np.int64]
) -> float | None:
    """Percent of the other examples with as many answer tokens whose count is smaller.

    Returns:
        A value in [0, 100]; None when all of them have the same count, as one-token answers do.
    """
    counts = neuron_counts[n_answer_tokens == n_answer_tokens[index]]
    if (counts == neuron_counts[index]).all():
        return None
    return 100.0 * int((counts < neuron_counts[index]).sum()) / (len(counts) - 1)
