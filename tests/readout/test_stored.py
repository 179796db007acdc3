"""A readout that was stored says of any text what it said before."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.readout import fitted as fitted_module
from neufs_tui.readout.estimate import SETTINGS, learn
from neufs_tui.readout.fitted import FittedReadout, prior_mean
from neufs_tui.readout.similarity import PoolSpace
from neufs_tui.readout.stored import arrays_of, fitted_from, settings_json
from neufs_tui.selection.jaccard import NeuronSets
from tests.captures import capture


def texts(seed: int, n: int, n_neurons: int, n_labels: int) -> list[Capture]:
    rng = np.random.default_rng(seed)
    return [
        capture(
            np.flatnonzero(rng.random(n_neurons) < 0.3),
            scores=rng.normal(size=n_labels),
            hidden=rng.normal(size=(2, HIDDEN_DIMENSIONS)).astype(np.float16),
        )
        for _ in range(n)
    ]


def fitted(pool: list[Capture], k: int, n_labels: int, *, calibrated: bool) -> FittedReadout:
    offsets = tuple(np.linspace(-0.5, 0.5, n_labels).tolist()) if calibrated else None
    space = PoolSpace(pool, NeuronSets([one.neurons for one in pool]))
    labelled = space.texts[range(k)]
    own = labelled.similarities(labelled)
    prior = prior_mean(np.array([one.scores for one in pool[:k]]), offsets)
    readout = learn(own, np.arange(k) % n_labels, prior, SETTINGS[:4])
    return FittedReadout(space, labelled, readout, offsets)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    k=st.integers(1, 6),
    n_labels=st.integers(2, 4),
    n_neurons=st.sampled_from([1, 63, 64, 65, 200]),
    calibrated=st.booleans(),
)
def test_stored_and_read_it_gives_the_same_numbers(
    seed: int, k: int, n_labels: int, n_neurons: int, calibrated: bool
) -> None:
    one = fitted(texts(seed, 8, n_neurons, n_labels), k, n_labels, calibrated=calibrated)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays_of(one))
    file.seek(0)
    told = json.loads(json.dumps(settings_json(one)))
    with np.load(file, allow_pickle=False) as arrays:
        again = fitted_from(dict(arrays), told)
    # others have neurons that occur in no text of the pool
    others = texts(seed + 1, 5, 2 * n_neurons, n_labels)
    assert (one.probabilities(others) == again.probabilities(others)).all()
    assert again.readout.settings == one.readout.settings
    assert again.offsets == one.offsets


def test_many_texts_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    one = fitted(texts(0, 8, 100, 3), 4, 3, calibrated=True)
    others = texts(1, 11, 100, 3)
    whole = one.probabilities(others)
    answers = np.log(np.full((11, 3), [0.5, 0.25, 0.25]))
    moved = one.probabilities(others, answers)
    monkeypatch.setattr(fitted_module, "_AT_ONCE", 4)
    np.testing.assert_allclose(one.probabilities(others), whole, rtol=0, atol=1e-6)
    np.testing.assert_allclose(one.probabilities(others, answers), moved, rtol=0, atol=1e-6)
    assert one.probabilities([]).shape == (0, 3)


def test_the_same_labels_move_other_answers_as_far() -> None:
    one = fitted(texts(0, 8, 100, 2), 4, 2, calibrated=False)
    others = texts(1, 6, 100, 2)
    own = prior_mean(np.array([one.scores for one in others]), None)
    assert (one.probabilities(others) == one.probabilities(others, own)).all()
    lifted = one.probabilities(others, own + np.array([1.0, 0.0]))
    assert (lifted[:, 0] > one.probabilities(others)[:, 0]).all()
