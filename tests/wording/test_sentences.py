"""What is said of a pick, a key and the engine."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.draws import draw_reason, drawn
from neufs_tui.core.records import Answer, Decision, DecisionKind, Pick, Reason
from neufs_tui.core.settings import SIGNALS, SelectionSettings
from neufs_tui.engine.protocol import EngineDied, EngineFailed
from neufs_tui.storage.stored_json import pick_from_json, to_json
from neufs_tui.wording import amended, reasons, sentences
from tests.fakes import READY, example, pick, reason

ONE = example(16, "One text.")
ALONE = "Alone in its group"


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
            "Stands for 44 examples that no label covers yet: more typical than 30 of the other"
            " 43, harder than 38 of the other 43 by how close its two likeliest labels are"
            " (read without labels).",
        ),
        (
            pick(ONE, n_labelled=2, why=reason(n_farther=43, n_easier=43, n_demonstrations=2)),
            "Stands for 44 examples that no label covers yet: the most typical of them, the"
            " hardest of them by how close its two likeliest labels are (read with 2 labels).",
        ),
        (
            pick(ONE, n_labelled=2, why=reason(n_farther=21)),
            "Stands for 44 examples that no label covers yet: harder than 38 of the other 43 by"
            " how close its two likeliest labels are (read without labels).",
        ),
        (
            pick(ONE, n_labelled=2, why=reason(n_easier=0)),
            "Stands for 44 examples that no label covers yet: more typical than 30 of the other"
            " 43.",
        ),
        (
            pick(ONE, n_labelled=2, why=reason(n_farther=21, n_easier=21)),
            "Stands for 44 examples that no label covers yet: chosen among them by typicality and"
            " difficulty together.",
        ),
        (
            pick(ONE, n_labelled=1, why=reason(neighbourhood=1)),
            ALONE + ", which no label covers yet.",
        ),
        (
            pick(ONE, n_labelled=3, why=reason(neighbourhood=0, distance=0.314)),
            "Every group left has a labelled example near it, so the farthest from any label come"
            " first: this one is at distance 0.31.",
        ),
        (
            pick(ONE, n_labelled=0, why=reason(neighbourhood=1_212, n_farther=1_200, n_easier=0)),
            "Stands for 1,212 alike examples: more typical than 1,200 of the other 1,211.",
        ),
        (
            pick(ONE, n_labelled=0, why=reason(n_farther=0, signal="count")),
            "Stands for 44 alike examples: harder than 38 of the other 43 by its neuron count, for"
            " an answer of its length (read without labels).",
        ),
        (pick(ONE, n_labelled=0, why=reason(neighbourhood=1)), ALONE + "."),
        (
            pick(ONE, n_scanned=16, why=draw_reason(3)),
            "Drawn at random (seed 3): chosen before the 32 examples that a strategy needs were "
            "scanned.",
        ),
        (pick(ONE, n_scanned=40, why=draw_reason(3)), "Drawn at random (seed 3)."),
        (drawn(ONE.id, 3), "Drawn at random (seed 3), without the model."),
        (pick(ONE, n_scanned=40), "Next in file order, as an earlier version went."),
        (None, "Named by its id, not chosen."),
    ],
)
def test_the_reason_is_one_true_sentence(shown: Pick | None, expected: str) -> None:
    assert why(shown) == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (
            pick(ONE, n_labelled=3, why=reason(strategy="random", seed=0)),
            "Next of a fixed shuffle (seed 0).",
        ),
        (
            pick(ONE, n_scanned=150, why=reason(strategy="random", seed=7)),
            "Next of a fixed shuffle (seed 7), of the 150 examples scanned by then.",
        ),
        (
            pick(ONE, why=reason(strategy="entropy", n_easier=43)),
            "The model is least certain of it, among 44 undecided examples read without labels.",
        ),
        (
            pick(ONE, why=reason(strategy="entropy", n_easier=30, n_demonstrations=3)),
            "The model is less certain of it than of 30 of the other 43 undecided examples read"
            " with 3 labels.",
        ),
        (
            pick(ONE, why=reason(strategy="entropy", n_easier=0, n_demonstrations=1)),
            "Next by how uncertain the model is, among 44 undecided examples read with 1 label.",
        ),
        (
            pick(ONE, why=reason(strategy="entropy", neighbourhood=1, n_easier=0)),
            "The only undecided example read without labels.",
        ),
        (
            pick(ONE, n_labelled=3, why=reason(strategy="neufs-batch")),
            "From a group of 44 alike examples: more typical than 30 of the other 43, harder than"
            " 38 of the other 43 by how close its two likeliest labels are (read without labels).",
        ),
        (
            pick(ONE, n_labelled=3, why=reason(strategy="neufs-batch", neighbourhood=1)),
            ALONE + ".",
        ),
        (pick(ONE, why=reason(strategy="of\nothers")), "Chosen by the strategy of others."),
    ],
)
def test_each_strategy_has_its_own_true_sentence(shown: Pick, expected: str) -> None:
    assert why(shown) == expected


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("neufs", "Chosen by NeuFS with 16 shots, tau 0.5, seed 0, difficulty by margin."),
        ("neufs-batch", "Chosen by NeuFS in a batch with 16 shots, tau 0.5, seed 0, difficulty b"),
        ("random", "Chosen by random with seed 0."),
        ("theirs", "Chosen by theirs with seed 0."),
    ],
)
def test_what_chose_an_example_is_named(strategy: str, expected: str) -> None:
    chosen = pick(ONE, why=reason(strategy=strategy))
    assert f" {expected}" in reasons.origin(None, SelectionSettings(), chosen)


@pytest.mark.parametrize(
    ("n_known", "clause"),
    [
        (0, "Stands for 44 alike examples: "),
        (1, "Stands for 44 examples that none of the labels it was ranked with covers: "),
        (5, "Stands for 44 examples that none of the labels it was ranked with covers: "),
        (31, "Stands for 44 examples that no label covers yet: "),
        (32, "Stands for 44 examples that none of the labels it was ranked with covers: "),
    ],
)
def test_a_pick_made_with_other_labels_speaks_of_those_it_knew(n_known: int, clause: str) -> None:
    sentence = why(pick(ONE, n_labelled=n_known, why=reason()), n_labels=31)
    assert sentence.startswith(clause)
    assert "first" not in sentence


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


@pytest.mark.parametrize(
    ("adapter", "base", "short", "whole"),
    [
        (None, None, "m", "/a/m"),
        ("none", None, "m", "/a/m"),
        (None, "smollm2-135m", "m", "/a/m (an adapter on smollm2-135m)"),
        ("./loras/mine", None, "m + mine", "/a/m with the adapter ./loras/mine"),
    ],
)
def test_a_model_is_told_with_what_is_put_on_it(
    adapter: str | None, base: str | None, short: str, whole: str
) -> None:
    model = replace(READY, name="/a/m", adapter=adapter, base=base)
    assert sentences.model_name(model.name, model.adapter) == short
    assert sentences.model_parts(model) == whole


def test_a_pool_smaller_than_the_threshold_is_not_promised_a_choice() -> None:
    sentence = why(pick(ONE, n_scanned=8, why=draw_reason(0)), n_pool=10)
    assert sentence == "Drawn at random (seed 0)."


def test_a_pick_of_an_earlier_version_has_a_sentence_without_what_it_did_not_keep() -> None:
    kept = json.loads(to_json(pick(ONE, n_labelled=5, why=reason())))
    del kept["n_unscanned"], kept["reason"]["n_farther"], kept["reason"]["n_easier"]
    del kept["reason"]["strategy"], kept["reason"]["seed"]
    kept["reason"] |= {"gap": 0, "median_gap": 5.0, "gap_rank": 288, "n_ranked": 299}
    assert why(pick_from_json(json.dumps(kept))) == (
        "Stands for 44 examples that no label covers yet: chosen among them by typicality and"
        " difficulty together."
    )


groups = st.integers(0, 100_000)


@given(
    st.builds(
        Reason,
        neighbourhood=groups,
        signal=st.sampled_from(SIGNALS),
        neuron_count=groups,
        distance=st.floats(0, 1),
        score=st.floats(0, 1),
        n_demonstrations=st.integers(0, 40),
    ),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 500),
    st.integers(0, 500),
)
def test_every_number_in_the_sentence_is_in_the_pick_and_speaks_for_it(
    reason: Reason, farther: float, easier: float, n_labelled: int, n_labels: int
) -> None:
    others = max(0, reason.neighbourhood - 1)
    n_farther, n_easier = int(others * farther), int(others * easier)
    known = replace(reason, n_farther=n_farther, n_easier=n_easier)
    sentence = why(pick(ONE, n_labelled=n_labelled, why=known), n_labels=n_labels)
    said = {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)}
    facts = (known.neighbourhood, others, known.n_demonstrations, n_labelled, n_farther, n_easier)
    assert said <= {float(fact) for fact in facts} | {float(f"{known.distance:.2f}")}
    assert ("typical" in sentence.replace("typicality", "")) == (2 * n_farther > others)
    assert ("hard" in sentence) == (2 * n_easier > others)
    if 2 * n_easier > others > n_easier:
        assert f"harder than {n_easier:,} of the other {others:,}" in sentence
    if 2 * n_farther > others > n_farther:
        assert f"more typical than {n_farther:,} of the other {others:,}" in sentence
    assert ("no label covers" in sentence) <= (0 < n_labelled == n_labels)
    assert "neurons are new" not in sentence


@pytest.mark.parametrize(
    ("shown", "end"),
    [
        (pick(ONE, why=reason(signal="entropy")), "tau 0.5, seed 0, difficulty by entropy."),
        (pick(ONE), "Chosen by no strategy."),
        (drawn(ONE.id, 5), "Drawn at random with seed 5."),
        (None, "Chosen by no strategy."),
    ],
)
def test_what_no_ranking_chose_is_not_said_to_be_chosen(shown: Pick | None, end: str) -> None:
    assert reasons.origin(None, SelectionSettings(), shown).endswith(end)


def test_a_key_says_what_it_did_and_how_to_take_it_back() -> None:
    label = Decision(ONE.id, DecisionKind.LABEL, Answer("With [b]Explanation"))
    skip = Decision(ONE.id, DecisionKind.SKIP)
    assert sentences.decided(ONE, label) == "labelled #17 as With [b]Explanation — u undoes"
    assert sentences.decided(ONE, skip) == "skipped #17 — u undoes"
    assert amended.undone(ONE, skip) == "undone: skip of #17 — r redoes"
    assert amended.redone(None, label) == (
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


@pytest.mark.parametrize(
    ("shares", "names", "expected"),
    [
        ({"A": 0.6, "B": 0.4}, ("B", "A"), "model: A .60 · B .40 — recorded"),
        ({"A": 0.6, "B": 0.4}, ("B", "C"), "model, asked with other labels: B .40 — recorded"),
        (
            {"A": 0.6, "B": 0.4},
            ("A", "B", "C"),
            "model, asked with other labels: A .60 · B .40 — recorded",
        ),
        (
            {"A": 0.6, "B": 0.4},
            ("C", "D"),
            "model, asked with other labels: none of these — recorded",
        ),
        ({}, ("A", "B"), "model, asked with other labels: A — recorded"),
        (
            {"A": 0.5, "B": 0.2, "C": 0.1, "D": 0.1, "E": 0.1},
            ("A", "B", "C", "D", "E"),
            "model: A .50 · B .20 · C .10 · D .10 · 1 more — recorded",
        ),
    ],
)
def test_the_models_answer_names_only_labels_there_are(
    shares: dict[str, float], names: tuple[str, ...], expected: str
) -> None:
    shown = replace(pick(ONE), answer="A", probabilities=shares)
    assert sentences.model_says(shown, names) == expected


def test_both_answers_are_told_without_a_share_that_is_not_known() -> None:
    shown = replace(pick(ONE), answer="A", probabilities={})
    assert sentences.both_answers(Answer("B"), shown) == "you: B · model: A"


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ("", "nothing accepted"),
        ("aa", "accepted 2 as sp am, apart from labels — u undoes"),
        ("l", "labelled 1 otherwise — u undoes"),
        ("al", "accepted 1 as sp am, apart from labels; labelled 1 otherwise — u undoes"),
    ],
)
def test_what_a_page_of_suggestions_became_is_said(kinds: str, said: str) -> None:
    of = {"a": DecisionKind.ACCEPT, "l": DecisionKind.LABEL}
    made = [Decision(str(at), of[kind], Answer("sp\nam")) for at, kind in enumerate(kinds)]
    assert sentences.accepted(made, "sp\nam") == said


def test_a_page_is_undone_and_redone_as_one() -> None:
    accepted = Decision(ONE.id, DecisionKind.ACCEPT, Answer("spam"))
    assert amended.undone(ONE, accepted, 9) == "undone: 9 answers given at once — r redoes"
    assert amended.redone(ONE, accepted) == "redone: suggestion of spam for #17 — u undoes"


def test_what_the_labels_make_likely_is_told_where_it_is_another_answer() -> None:
    known = Pick("a", None, "A", {"A": 0.7, "B": 0.3}, 0, 0, estimate={"A": 0.2, "B": 0.8})
    other, same = (
        sentences.both_answers(Answer("B"), one)
        for one in (known, replace(known, estimate={"A": 0.9, "B": 0.1}))
    )
    assert other == "you: B · model: A .70 · your labels: B .80"
    assert same == "you: B · model: A .70"
    said = "model: A .70 · B .30 · your labels: B .80 — recorded"
    assert sentences.model_says(known, ["A", "B"]) == said


@pytest.mark.parametrize(
    ("n_unlikelier", "likely", "end"),
    [
        (43, 0.4, "the likeliest of them to be of a class that lacks labels."),
        (30, 0.4, "likelier than 30 of the other 43 to be of a class that lacks labels."),
        (3, 0.4, "chosen among them by typicality, difficulty and class together."),
        (0, 0.0, "chosen among them by typicality and difficulty together."),
    ],
)
def test_no_class_is_named_before_she_has_answered(
    n_unlikelier: int, likely: float, end: str
) -> None:
    why = reason(
        n_farther=0, n_easier=0, n_unlikelier=n_unlikelier, likely=likely, label="a rare class"
    )
    said = reasons.why(pick(ONE, n_labelled=2, why=why), n_pool=300, choose_from=32, n_labels=2)
    assert said.endswith(end)
    assert "rare class" not in said
