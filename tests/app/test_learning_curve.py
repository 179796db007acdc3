"""The learning curve's sentences claim no more than there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.app.pages import learning_curve as progress
from neufs_tui.core.settings import DEFAULT_SIGNAL, DifficultyName
from neufs_tui.statistics.check_set import Right
from neufs_tui.statistics.learning_curve import (
    Foretold,
    Progress,
    learning_curve,
    learning_progress,
)
from neufs_tui.statistics.stability import Change
from neufs_tui.wording import learning_curve as wording
from tests.statistics.test_track_record import OTHER, labelled, telling


def known(
    n: int = 0, *signals: str, changes: tuple[Change, ...] = (), wanted: DifficultyName = "auto"
) -> Progress:
    given = telling(n, *signals)
    return learning_progress(
        given,
        difficulty=wanted,
        gains={one.example.id: 100 // one.seq if one.seq else 500 for one in given},
        rereads=True,
        changes=changes,
        label_names=("A", "B", "C"),
        answers={},
    )


def test_nothing_labelled_is_said_plainly() -> None:
    assert "Nothing is labelled yet" in progress.summary(known()).plain


def test_agreement_comes_with_its_interval_and_leaves_out_what_she_looked_at() -> None:
    said = progress.summary(known(10)).plain
    assert "5 of 10 answers given before yours were the same: .50 (.24–.76)." in said
    assert "10 labelled, but C has none." in said
    looked = [replace(labelled(place, right=True), looked=place < 2) for place in range(4)]
    said = progress.summary(
        learning_progress(
            looked,
            difficulty="count",
            gains={},
            rereads=True,
            changes=(),
            label_names=("A", "B"),
            answers={},
        )
    ).plain
    assert "2 of 2 answers given before yours were the same" in said
    assert "Not counted: 2 labels given with it in view." in said
    assert "No labelled example is scanned yet." in said


def test_the_gains_of_the_last_labels_are_averaged() -> None:
    """But for the first label, to which every neuron is new."""
    said = progress.summary(known(4)).plain
    assert f"{500 + 100 + 50 + 33} neurons switched on; the last 3 labels added 61 each on" in said
    assert "500 neurons switched on by the first label." in progress.summary(known(1)).plain


def test_neurons_are_counted_over_the_labels_that_are_said() -> None:
    given = telling(4)
    some = {given[1].example.id: 30, given[2].example.id: 12}
    points = learning_curve(given, some)
    said = progress.summary(replace(known(4), points=points)).plain
    assert "42 neurons switched on by 2 of 4 labelled examples; the last of them added 12" in said
    points = learning_curve(given, {given[1].example.id: 30})
    said = progress.summary(replace(known(4), points=points)).plain
    assert "30 neurons switched on by 1 of 4 labelled examples." in said


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((9, 1), " It answered yes 9 of 10 times."),
        ((8, 2), ""),
        ((4, 0), ""),
        ((5, 0), " It answered yes 5 of 5 times."),
    ],
)
def test_a_model_that_answers_all_alike_is_given_away(answers: tuple[int, int], said: str) -> None:
    """An agreement of one half says little of a model that knows one word."""
    curve = known(sum(answers))
    curve = replace(curve, answers=dict(zip(("yes", "no"), answers, strict=True)))
    shown = progress.summary(curve).plain
    assert ("It answered" in shown) == bool(said)
    assert said in shown


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            (),
            "What the labels change is known once the model has read its answers again behind",
        ),
        ((Change(1, 200, 380),), "The last label changed 200 of 380 answers read again, so more"),
        ((Change(1, 0, 12),), "of 12 answers read again; too little is known to call it settled."),
        (
            tuple(Change(n, 2, 900) for n in (3, 4, 5)),
            "The last 3 labels changed 6 of 2,700 answers (at most 0.5% a label)",
        ),
    ],
)
def test_the_suggestion_says_what_it_rests_on(changes: tuple[Change, ...], sentence: str) -> None:
    assert sentence in wording.suggestion(known(5, changes=changes))


def test_without_rereading_nothing_is_promised_of_changes() -> None:
    off = replace(known(5), rereads=False)
    assert "Nothing is read again (--rescore off)" in wording.suggestion(off)


def test_little_evidence_about_the_signals_is_called_little() -> None:
    said = progress.signals(known(4)).plain
    assert "Known once 10 examples that a strategy chose are labelled; there are 4." in said
    assert "until one has done better than chance on your labels" in said
    one_sided = [labelled(place, right=False) for place in range(12)]
    told = learning_progress(
        one_sided,
        difficulty="count",
        gains={},
        rereads=True,
        changes=(),
        label_names=("A", "B"),
        answers={},
    )
    assert "All 12 answers were wrong" in progress.signals(told).plain
    assert "Difficulty goes by neuron count." in progress.signals(told).plain


def test_a_signal_that_tells_is_named_and_followed() -> None:
    said = progress.signals(known(30, OTHER)).plain
    name = progress.SIGNAL_NAMES[OTHER]
    (line,) = [line for line in said.splitlines() if line.startswith(f"{name} ")]
    assert "1.00" in line and "better than chance" in line
    assert f"Difficulty goes by {name}, which has done best on your labels." in said
    fixed = progress.signals(known(30, OTHER, wanted=DEFAULT_SIGNAL)).plain
    assert f"Difficulty goes by {progress.SIGNAL_NAMES[DEFAULT_SIGNAL]}." in fixed


FORETOLD = (
    "Without a prompt, by what the model holds of the texts, 7 of 9 labels follow from the others: "
    ".78 (.45–.94); always A is .50."
)


@pytest.mark.parametrize(
    ("labels", "checks", "said"),
    [
        (Right(3, 3), Right(0, 0), ""),
        (Right(7, 9), Right(0, 0), FORETOLD),
        (Right(7, 9), Right(5, 9), FORETOLD),
        (Right(7, 9), Right(6, 12), f"{FORETOLD} Of 12 check examples .50 (.25–.75)."),
    ],
)
def test_how_labels_foretell_one_another_is_told_beside_the_commonest(
    labels: Right, checks: Right, said: str
) -> None:
    curve = known(10)
    halved = replace(curve.standing, by_class={"B": 2, "A": 5, "C": 3})
    curve = replace(curve, standing=halved, foretold=Foretold(labels, checks))
    assert wording.foretold(curve) == said
    assert said in progress.summary(curve).plain
    assert wording.foretold(known(10)) == ""
