"""What is said of a pick, a key and the engine."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.app import reasons, sentences
from neufs_tui.core.records import Decision, DecisionKind, Pick, Reason
from neufs_tui.core.settings import SIGNALS
from neufs_tui.engine.protocol import EngineDied, EngineFailed
from tests.app.fakes import example, pick, reason

ONE = example(16, "One text.")


def why(
    shown: Pick | None, *, n_pool: int = 200, choose_from: int = 32, n_labels: int | None = None
) -> str:
    if n_labels is None:
        n_labels = shown.n_labelled if shown else 0
    return reasons.why(shown, n_pool=n_pool, choose_from=choose_from, n_labels=n_labels)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (
            pick(ONE, n_labelled=5, why=reason()),
            "Stands for 44 examples that no label covers yet; 57 of its neurons are new to your"
            " 5 labelled examples (median 5; rank 3 of 183); neuron count above 71%"
            " of equally long answers (read without labels).",
        ),
        (
            pick(ONE, n_labelled=1, why=reason(gap=1, median_gap=0.5, neighbourhood=1)),
            "Stands for itself alone; 1 of its neurons is new to your one labelled"
            " example (median 0.5; rank 3 of 183); neuron count above 71% of equally"
            " long answers (read without labels).",
        ),
        (
            pick(ONE, n_labelled=2, why=reason(gap=0, gap_rank=1_200, n_ranked=99_845)),
            "Stands for 44 examples that no label covers yet; none of its neurons is new to"
            " your 2 labelled examples (median 5; rank 1,200 of 99,845); neuron count above 71% of"
            " equally long answers (read without labels).",
        ),
        (
            pick(ONE, n_labelled=0, why=reason(neighbourhood=212, percentile=99.9)),
            "Nothing is labelled yet, so every neuron is new; this one stands for a group of 212"
            " alike examples; neuron count above 99% of equally long answers.",
        ),
        (
            pick(ONE, n_labelled=3, why=reason(neighbourhood=0, percentile=0.0)),
            "Every group left has a labelled example near it; 57 of its neurons are new to"
            " your 3 labelled examples (median 5; rank 3 of 183); the lowest neuron count"
            " of equally long answers (read without labels).",
        ),
        (
            pick(ONE, n_labelled=3, why=reason(gap_rank=1, percentile=None, n_demonstrations=2)),
            "Stands for 44 examples that no label covers yet; 57 of its neurons are new to"
            " your 3 labelled examples (median 5; rank 1 of 183); all are equally hard by"
            " neuron count (read with 2 labels).",
        ),
        (
            pick(ONE, n_labelled=0, why=reason(neighbourhood=1, signal="entropy")),
            "Nothing is labelled yet, so every neuron is new; this one has no others like it; the"
            " model is less certain of it than of 71% of others.",
        ),
        (
            pick(ONE, n_labelled=0, why=reason(neighbourhood=1, signal="margin", percentile=0.0)),
            "Nothing is labelled yet, so every neuron is new; this one has no others like it; its"
            " two likeliest labels are the farthest apart.",
        ),
        (
            pick(ONE, n_scanned=16),
            "Next in file order: 16 of the 32 examples that NeuFS needs were scanned.",
        ),
        (pick(ONE, n_scanned=40), "Next in file order."),
        (None, "Next in file order, without the model."),
    ],
)
def test_the_reason_is_one_true_sentence(shown: Pick | None, expected: str) -> None:
    assert why(shown) == expected


@pytest.mark.parametrize(
    ("n_known", "clause"),
    [
        (0, "Chosen before your first label, so every neuron was new; this one stands for"),
        (1, "57 of its neurons are new to your first labelled example (median"),
        (3, "57 of its neurons are new to your first 3 labelled examples (median"),
        (4, "57 of its neurons are new to your 4 labelled examples (median"),
    ],
)
def test_a_pick_made_before_the_last_labels_speaks_of_those_it_knew(
    n_known: int, clause: str
) -> None:
    assert clause in why(pick(ONE, n_labelled=n_known, why=reason()), n_labels=4)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("smollm2-135m", "smollm2-135m"),
        ("Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B-Instruct-2507"),
        ("/a/long/way/to/model.gguf", "model.gguf"),
        ("models/model.GGUF", "model.GGUF"),
        ("./tiny/", "tiny"),
    ],
)
def test_the_header_has_room_for_a_model_by_its_last_part(name: str, shown: str) -> None:
    assert sentences.model_name(name) == shown


def test_a_pool_smaller_than_the_threshold_is_not_promised_a_choice() -> None:
    sentence = why(pick(ONE, n_scanned=8), n_pool=10)
    assert sentence == "Next in file order."


counts = st.integers(0, 100_000)


@given(
    st.builds(
        Reason,
        gap=counts,
        set_size=counts,
        median_gap=counts.map(lambda n: n / 2),
        gap_rank=st.integers(1, 100_000),
        n_ranked=st.integers(1, 100_000),
        neighbourhood=st.integers(1, 100_000),
        signal=st.sampled_from(SIGNALS),
        percentile=st.floats(0, 100),
        neuron_count=counts,
        distance=st.floats(0, 1),
        score=st.floats(0, 1),
    ),
    st.integers(2, 500),
)
def test_every_number_in_the_sentence_is_in_the_pick(reason: Reason, n_labelled: int) -> None:
    sentence = why(pick(ONE, n_labelled=n_labelled, why=reason))
    said = {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)}
    known = {
        *(reason.gap, reason.median_gap, reason.gap_rank, reason.n_ranked, reason.neighbourhood),
        *(int(reason.percentile), n_labelled),
    }
    assert said <= {float(number) for number in known}


def test_a_key_says_what_it_did_and_how_to_take_it_back() -> None:
    label = Decision(ONE.id, DecisionKind.LABEL, "With [b]Explanation")
    skip = Decision(ONE.id, DecisionKind.SKIP)
    assert sentences.decided(ONE, label) == "labelled #17 as With [b]Explanation — u undoes"
    assert sentences.decided(ONE, skip) == "skipped #17 — u undoes"
    assert sentences.undone(ONE, skip) == "undone: skip of #17 — r redoes"
    assert sentences.redone(None, label) == (
        "redone: With [b]Explanation on a row that is no longer in the pool — u undoes"
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            EngineDied("the engine was killed by SIGKILL", restarting=True),
            "The engine was killed by SIGKILL. It starts again; go on labelling.",
        ),
        (
            EngineDied("the engine ran out of memory.", restarting=False),
            "The engine ran out of memory. It stays off; go on labelling without it.",
        ),
    ],
)
def test_a_dead_engine_is_one_sentence(event: EngineDied, expected: str) -> None:
    assert sentences.engine_died(event) == expected


def test_out_of_memory_states_the_smaller_batch() -> None:
    event = EngineFailed("The GPU is out of memory.", "", out_of_memory=True)
    assert sentences.engine_failed(event) == (
        "The GPU is out of memory. It starts again with smaller batches; go on labelling."
    )


def test_the_export_command_can_be_pasted() -> None:
    assert sentences.export_command("my pool.jsonl") == "neufs-tui export 'my pool.jsonl'"


def test_hidden_lines_are_counted() -> None:
    assert sentences.hidden_lines(0, 0) == ""
    assert sentences.hidden_lines(1, 12) == "↑ 1 line above   ↓ 12 more lines"
