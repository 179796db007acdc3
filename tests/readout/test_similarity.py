"""Similarities against loops over the texts."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.readout.similarity import PARTS, PoolSpace
from neufs_tui.selection.jaccard import NeuronSets
from tests.captures import capture


def texts(seed: int, n: int, n_neurons: int = 90) -> list[Capture]:
    rng = np.random.default_rng(seed)
    return [
        capture(
            np.flatnonzero(rng.random(n_neurons) < rng.random(n_neurons)),
            hidden=rng.normal(size=(2, HIDDEN_DIMENSIONS)).astype(np.float16),
        )
        for _ in range(n)
    ]


def space_of(captures: list[Capture]) -> PoolSpace:
    return PoolSpace(captures, NeuronSets([one.neurons for one in captures]))


def slow_cosine(pool: list[Capture], one: Capture, other: Capture) -> float:
    """Of two sets, each neuron weighted by its rarity."""
    counts = Counter(neuron for text in pool for neuron in text.neurons.tolist())
    weight = {neuron: math.log((len(pool) + 1) / n) ** 2 for neuron, n in counts.items()}
    sums = [
        sum(weight.get(neuron, 0.0) for neuron in neurons)
        for neurons in (
            set(one.neurons.tolist()) & set(other.neurons.tolist()),
            one.neurons.tolist(),
            other.neurons.tolist(),
        )
    ]
    return sums[0] / math.sqrt(sums[1] * sums[2]) if sums[1] * sums[2] else 0.0


@given(st.integers(0, 10**6), st.integers(5, 12))
@settings(max_examples=25, deadline=None)
def test_neurons_are_alike_by_what_is_rare(seed: int, n: int) -> None:
    pool, others = texts(seed, n), texts(seed + 1, 3, n_neurons=120)
    space = space_of(pool)
    found = space.texts.similarities(space.hold(others))[PARTS.index("neurons")]
    slow = np.array([[slow_cosine(pool, one, other) for other in others] for one in pool])
    errors = np.abs(found - slow)
    # neurons share places; seldom do two that count much
    assert errors.max() < 0.1
    assert np.sqrt(np.square(errors).mean()) < 0.03


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=25, deadline=None)
def test_states_are_alike_once_they_are_standardised(seed: int, n: int) -> None:
    pool = texts(seed, n)
    space = space_of(pool)
    states = np.array([one.hidden for one in pool], dtype=np.float64)
    states = (states - states.mean(axis=0)) / np.maximum(states.std(axis=0), 1e-6)
    for part in (0, 1):
        slow = states[:, part] @ states[:, part].T / HIDDEN_DIMENSIONS
        found = space.texts.similarities(space.texts[range(n)])[part]
        np.testing.assert_allclose(found, slow, atol=1e-4)


@given(st.integers(0, 10**6), st.integers(5, 12))
@settings(max_examples=25, deadline=None)
def test_cosines_of_vectors_are_those_by_each_part_weighted(seed: int, n: int) -> None:
    pool = texts(seed, n)
    pool[0] = capture([], hidden=pool[0].hidden)
    space = space_of(pool)
    shares = np.random.default_rng(seed).dirichlet(np.ones(3))
    vectors = space.texts.vectors(shares)
    norms = np.linalg.norm(space.texts.hidden, axis=2)
    alike = space.texts.similarities(space.texts[range(n)])
    slow = shares[2] * alike[2]
    for part in (0, 1):
        slow += shares[part] * alike[part] / norms[part][:, None] / norms[part]
    np.testing.assert_allclose((vectors @ vectors.T).toarray(), slow, atol=1e-5)


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=25, deadline=None)
def test_a_text_held_again_is_the_one_of_the_pool(seed: int, n: int) -> None:
    pool = texts(seed, n)
    space = space_of(pool)
    again = space.hold(pool)
    np.testing.assert_array_equal(
        space.texts.similarities(again), space.texts.similarities(space.texts[range(n)])
    )
