"""What is learned from labels without a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neufs_tui.core.records import Answer, Decision, DecisionKind, Demonstration
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import learn_readout
from neufs_tui.evaluation.classifiers import by_sentences, learned_sets, readouts
from neufs_tui.evaluation.few_shot_sets import FewShotSet
from tests.engine.conftest import config
from tests.pools import examples_of

NAMES = ("a", "b", "c")
TEXTS = examples_of(["a 9", "b 9", "b 8"])


def first_letter(texts: Sequence[str]) -> NDArray[np.float32]:
    """A vector that says it."""
    return np.array([[text.startswith(name) for name in NAMES] for text in texts], np.float32)


def shown(labels: str) -> FewShotSet:
    """Texts that begin with their labels."""
    return FewShotSet(
        f"your {len(labels)} labels",
        (tuple(Demonstration(f"{label} {at}", label) for at, label in enumerate(labels)),),
    )


def test_sentence_vectors_that_tell_classes_apart_are_learned_from() -> None:
    hers = shown("abab")
    halves = FewShotSet("2 of them, random", (hers.draws[0][:2], hers.draws[0][2:]))
    all_of, some_of = by_sentences(first_letter, [hers, halves], NAMES)
    assert (all_of.name, all_of.is_of_all) == ("sentence encoder", True)
    assert (some_of.name, some_of.is_of_all) == ("sentence encoder, 2 of them, random", False)
    assert [len(one.draws) for one in (all_of, some_of)] == [1, 2]
    shares = all_of.draws[0](TEXTS)
    assert shares.argmax(axis=1).tolist() == [0, 1, 1]
    assert (shares[:, 2] == 0).all()  # no label of it was given
    assert some_of.draws[0](TEXTS).argmax(axis=1).tolist() == [0, 1, 1]


@given(labels=st.text(alphabet="abcx", min_size=1, max_size=8))
def test_probabilities_are_of_the_classes_that_were_given(labels: str) -> None:
    """`x` is no label of the task."""
    (one,) = by_sentences(first_letter, [shown(labels)], NAMES)
    shares = one.draws[0](TEXTS)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    known = {*labels} & {*NAMES} or {*NAMES}
    assert {NAMES[at] for at in np.flatnonzero(shares.min(axis=0))} == known


def test_each_text_is_encoded_once() -> None:
    encoded: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        encoded.extend(texts)
        return first_letter(texts)

    hers = shown("abab")
    for one in by_sentences(encode, [hers, replace(hers, name="again")], NAMES):
        one.draws[0](TEXTS)
    assert sorted(encoded) == sorted([*hers.texts, *(text.text for text in TEXTS)])


def test_readouts_are_those_that_predict_learns(tiny_llama: Path, tmp_path: Path) -> None:
    asked = config(tmp_path, tiny_llama, n=60)
    pool = asked.examples
    decisions = [
        Decision(one.id, DecisionKind.LABEL, Answer(("yes", "no")[one.row % 2])) for one in pool[:8]
    ]
    decisions[2:2] = [Decision(pool[20].id, DecisionKind.SKIP)]
    draw = tuple(Demonstration(one.text, ("yes", "no")[one.row % 2]) for one in pool[:8])
    hers = FewShotSet("your 8 labels", (draw,))
    halves = FewShotSet("4 of them, random", (draw[:4], draw[4:]))
    outside = FewShotSet("elsewhere", ((Demonstration("of no pool", "yes"),),))
    needed = NeededModel(asked, [].append)
    sets = [hers, halves, outside]
    all_of, some_of = readouts(sets, learned_sets(asked, decisions, sets, TEXTS, needed, [].append))
    assert (all_of.name, some_of.name) == ("readout", "readout, 4 of them, random")

    def predicted(kept: Sequence[Decision]) -> NDArray[np.float64]:
        learned = learn_readout(asked, kept, TEXTS, needed, [].append)
        assert learned is not None
        return learned.probabilities(TEXTS)

    assert (all_of.draws[0](TEXTS) == predicted(decisions)).all()
    skips = [
        Decision(one.example_id, DecisionKind.SKIP) if place > 4 else one
        for place, one in enumerate(decisions)
    ]
    half, other = (one(TEXTS) for one in some_of.draws)
    assert (half == predicted(skips)).all()
    assert np.abs(half - other).max() > 1e-3
    assert np.abs(half - all_of.draws[0](TEXTS)).max() > 1e-3


def test_without_a_label_in_the_pool_there_is_no_readout(tiny_llama: Path, tmp_path: Path) -> None:
    asked = config(tmp_path, tiny_llama, n=10)
    needed = NeededModel(asked, [].append)
    assert learned_sets(asked, [], [shown("ab")], TEXTS, needed, [].append) == [()]
    assert readouts([shown("ab")], [()]) == []


@pytest.mark.parametrize("labels", ["a", "aaa"])
def test_of_one_class_everything_is_of_it(labels: str) -> None:
    (one,) = by_sentences(first_letter, [shown(labels)], NAMES)
    assert one.draws[0](TEXTS).tolist() == [[1, 0, 0]] * 3
