"""Which signal told right from wrong on her labels, and which one `auto` follows."""

from __future__ import annotations

import random

import pytest

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Example, Pick, content_hash
from neufs_tui.core.settings import DEFAULT_SIGNAL, SIGNALS
from neufs_tui.statistics.track_record import MIN_LABELS, signal_for, track_record

OTHER = next(signal for signal in SIGNALS if signal != DEFAULT_SIGNAL)


def labelled(place: int, *, right: bool, **values: float) -> LabelledExample:
    """One label; signals that are not named have the value 0."""
    text = f"text {place}"
    pick = Pick(
        content_hash(text),
        reason=None,
        answer="A",
        probabilities={"A": 0.5, "B": 0.5},
        n_scanned=1,
        n_labelled=0,
        difficulty=dict.fromkeys(SIGNALS, 0.0) | values,  # type: ignore[arg-type]
    )
    example = Example(content_hash(text), text, place)
    return LabelledExample(example, Answer("A" if right else "B"), seq=place, pick=pick)


def telling(n: int, *signals: str) -> list[LabelledExample]:
    """Half right, half wrong, and these signals know which."""
    return [
        labelled(place, right=place % 2 == 0, **dict.fromkeys(signals, float(place % 2)))
        for place in range(n)
    ]


def test_a_signal_that_knows_has_an_area_of_one() -> None:
    record = track_record(telling(12, OTHER))
    assert (record.n_right, record.n_wrong, record.n_compared) == (6, 6, 12)
    assert record.areas[OTHER].value == 1.0
    assert {record.areas[s].value for s in SIGNALS if s != OTHER} == {0.5}
    assert record.best() == OTHER


def test_little_or_one_sided_evidence_says_nothing() -> None:
    assert track_record(telling(MIN_LABELS - 1, OTHER)).areas == {}
    one_sided = [labelled(place, right=True) for place in range(30)]
    assert track_record(one_sided).areas == {}
    assert track_record([]).best() is None


def test_labels_without_a_known_answer_do_not_count() -> None:
    silent = LabelledExample(Example(content_hash("x"), "x", 0), Answer("A"), seq=1)
    assert track_record([silent, *telling(4)]).n_compared == 4


@pytest.mark.parametrize(
    ("known", "followed"),
    [((OTHER,), OTHER), ((DEFAULT_SIGNAL,), DEFAULT_SIGNAL), ((), DEFAULT_SIGNAL),
     ((OTHER, DEFAULT_SIGNAL), DEFAULT_SIGNAL)],
)  # fmt: skip
def test_auto_follows_what_tells_right_from_wrong(known: tuple[str, ...], followed: str) -> None:
    assert signal_for("auto", telling(20, *known)) == followed
    assert signal_for("count", telling(20, *known)) == "count"


def test_auto_does_not_follow_noise() -> None:
    rng = random.Random(0)
    noise = [
        labelled(place, right=rng.random() < 0.5, **{s: rng.random() for s in SIGNALS})
        for place in range(12)
    ]
    assert signal_for("auto", noise) == DEFAULT_SIGNAL
