"""An explanation's bars are the FFN's own output, and its labels those given before."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neufs_tui.core.explanation import Explanation
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.engine import explaining
from neufs_tui.engine.explaining import N_ALIKE, N_KEYWORDS, N_NEURONS, Explainer
from neufs_tui.engine.scanning import Scanner, ready
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from tests.engine.test_scanning import TASK, config, pool
from tests.experts import pushed_by_ffns
from tests.models import load, load_tiny, only_ffns
from tests.pools import examples_of

EXAMPLES = pool(12)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp("model"), request.param)


@pytest.fixture
def explainer(loaded: LoadedModel, tmp_path: Path) -> Explainer:
    settings = config(EXAMPLES, tmp_path)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    return Explainer(settings, scanner)


def projected_ffn_output(loaded: LoadedModel, prompt: list[int], answer: list[int]) -> float:
    """All layers' FFN outputs, their biases aside, projected on the answer's tokens."""
    seen: list[torch.Tensor] = []
    handles = [
        ffn.down_projection.register_forward_hook(
            lambda module, _, out: seen.append(out[0] - bias(module))
        )
        for ffn in only_ffns(loaded.architecture)
    ]
    with torch.no_grad():
        loaded.model(input_ids=torch.tensor([prompt + answer]))
    for handle in handles:
        handle.remove()
    rows = loaded.architecture.unembedding.weight
    places = range(len(prompt) - 1, len(prompt) - 1 + len(answer))
    return sum(
        (layer[place].double() @ rows[token].double()).item()
        for layer in seen
        for place, token in zip(places, answer, strict=True)
    )


def bias(module: torch.nn.Module) -> torch.Tensor | float:
    return module.bias if module.bias is not None else 0.0


def label(place: int) -> Decision:
    return Decision(EXAMPLES[place].id, DecisionKind.LABEL, Answer("yes"))


def explained(explainer: Explainer, example_id: str, decisions: list[Decision]) -> Explanation:
    *_, explanation = explainer.explain(example_id, decisions)
    assert explanation is not None
    return explanation


def test_the_bars_add_up_to_the_projected_ffn_output(
    explainer: Explainer, loaded: LoadedModel
) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    for example in EXAMPLES[3:9]:
        found = explained(explainer, example.id, [label(0), label(1)])
        answer = encoder.candidates[TASK.label_names.index(found.answer)]
        prompt = encoder.prompt(example.text).ids
        expected = projected_ffn_output(loaded, list(prompt), list(answer))
        assert found.total == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert found.model == ready(loaded).identity
        assert found.overlap is not None
        assert len(found.neurons) == min(N_NEURONS, found.gap.size)
        singles = [bar.contribution for bar in found.bars[:-3]]
        assert singles == pytest.approx([one.contribution for one in found.neurons])
        assert {one.nearest for one in found.neurons} <= {EXAMPLES[0].id, EXAMPLES[1].id}
        sets = [set(capture.neurons.tolist()) for capture in explainer._captures.values()]
        offsets = loaded.architecture.shape.offsets
        for one in found.neurons:
            neuron = int(offsets[one.layer]) + one.index
            assert one.n_examples == sum(neuron in own for own in sets) > 0


@pytest.mark.parametrize("family", ["gpt_oss", "qwen3_moe", "deepseek_v3", "llama4"])
def test_the_bars_of_a_mixture_of_experts_add_up(family: str, tmp_path: Path) -> None:
    """To what the stream lacks behind each layer when its neurons write nothing."""
    loaded = load_tiny(tmp_path / "model", family)
    settings = config(EXAMPLES, tmp_path)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    explainer = Explainer(settings, scanner)
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    shape = loaded.architecture.shape
    for example in EXAMPLES[3:6]:
        found = explained(explainer, example.id, [label(0)])
        answer = encoder.candidates[TASK.label_names.index(found.answer)]
        prompt = encoder.prompt(example.text).ids
        expected = pushed_by_ffns(loaded, prompt, answer)
        assert found.total == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert [bar.name for bar in found.bars[:-3]] == [one.name for one in found.neurons]
        if family == "gpt_oss":  # it has nothing but experts
            assert found.neurons and all(one.expert is not None for one in found.neurons)
        singles = [bar.contribution for bar in found.bars[:-3]]
        assert singles == pytest.approx([one.contribution for one in found.neurons])
        passed = sum(bar.n_neurons for bar in found.bars)
        assert sum(shape.n_active) <= passed <= shape.n_neurons


@pytest.mark.embedded
def test_the_bars_of_fifty_real_examples_add_up(embedded_models_dir: Path, tmp_path: Path) -> None:
    """In bfloat16 the layers themselves round: benchmarks/bars.py says by how much."""
    loaded = load("smollm2-135m", embedded_models_dir)
    lines = (Path(__file__).parents[2] / "sample_data" / "pool.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines[:53]]
    examples = examples_of(texts)
    settings = config(examples, tmp_path)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    explainer = Explainer(settings, scanner)
    labelled = [Decision(one.id, DecisionKind.LABEL, Answer("yes")) for one in examples[:3]]
    for example in examples[3:]:
        found = explained(explainer, example.id, labelled)
        answer = scanner.encoder.candidates[TASK.label_names.index(found.answer)]
        prompt = scanner.encoder.prompt(example.text).ids
        expected = projected_ffn_output(loaded, list(prompt), list(answer))
        assert found.total == pytest.approx(expected, rel=1e-3)


def test_a_labelled_example_is_explained_by_the_labels_before_it(explainer: Explainer) -> None:
    skipped = Decision(EXAMPLES[2].id, DecisionKind.SKIP)
    decisions = [label(0), skipped, label(4), label(5)]
    assert explained(explainer, EXAMPLES[4].id, decisions).n_labelled == 1
    assert explained(explainer, EXAMPLES[7].id, decisions).n_labelled == 3
    alone = explained(explainer, EXAMPLES[0].id, decisions)
    assert alone.n_labelled == 0
    assert alone.overlap is None
    assert alone.gap.size == alone.gap.set_size
    assert all(one.nearest is None for one in alone.neurons)


def test_labels_that_are_not_scanned_are_counted_apart(explainer: Explainer) -> None:
    removed = Decision("no longer in the pool", DecisionKind.LABEL, Answer("yes"))
    early = copy(explainer)
    early._captures = {k: v for k, v in explainer._captures.items() if k != EXAMPLES[1].id}
    early._occurrences, early._n_counted = np.zeros_like(explainer._occurrences), 0
    found = explained(early, EXAMPLES[7].id, [label(0), label(1), removed])
    assert (found.n_labelled, found.n_unscanned, found.n_labels) == (1, 1, 2)


def test_each_labelled_example_is_read_once_a_step_at_a_time(explainer: Explainer) -> None:
    steps = list(explainer.explain(EXAMPLES[7].id, [label(0), label(4)]))
    assert steps[:-1] == [None, None]
    assert len(list(explainer.explain(EXAMPLES[8].id, [label(0), label(4), label(5)]))) == 2


def test_of_many_labels_a_sample_is_read_that_stays_the_same(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "MOST_COMPARED", 3)
    decisions = [label(place) for place in range(9)]
    n_read = [
        len(list(explainer.explain(EXAMPLES[10].id, decisions[: n + 1]))) - 1 for n in range(9)
    ]
    assert n_read[:3] == [1, 1, 1]
    assert sum(n_read) < 9
    found = explained(explainer, EXAMPLES[11].id, decisions)
    sample = sorted(one.example_id for one in decisions)[:3]
    assert {one.nearest for one in found.neurons} <= {*sample}
    assert found.n_labelled == 9
    assert len(list(explainer.explain(EXAMPLES[11].id, decisions))) == 1


def test_nothing_is_said_of_what_is_not_scanned(explainer: Explainer) -> None:
    assert list(explainer.explain("unknown", [])) == []
    assert list(explainer.words("unknown", [])) == []


def test_other_rules_choose_among_what_is_undecided(explainer: Explainer) -> None:
    decisions = [label(0), Decision(EXAMPLES[1].id, DecisionKind.SKIP)]
    found = explained(explainer, EXAMPLES[7].id, decisions).alternatives
    assert [one.rule for one in found] == ["random", "entropy"]
    assert not {one.example_id for one in found} & {EXAMPLES[0].id, EXAMPLES[1].id}
    assert found[1].entropy >= found[0].entropy


def test_a_word_is_marked_by_what_the_model_does_without_it(
    explainer: Explainer, loaded: LoadedModel
) -> None:
    """Against whole prompts, read one by one with every contribution."""
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings())

    def pushed(text: str, answer: int, neurons: np.ndarray) -> float:
        found = runner.contributions(encoder.prompt(text), answer)
        return float(found.summed[np.isin(found.neurons, neurons)].sum())

    n_marked = 0
    for example in EXAMPLES[1:]:
        *_, words = explainer.words(example.id, [])
        capture = explainer._captures[example.id]
        given = (capture.answer, capture.neurons)
        n_marked += len(words)
        for word in words:
            less = example.text[: word.start] + example.text[word.end :].lstrip()
            expected = pushed(example.text, *given) - pushed(less.rstrip(), *given)
            assert word.drop == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert n_marked


@torch.no_grad()
def test_a_planted_word_is_the_one_that_is_marked(tmp_path: Path) -> None:
    """One word's direction is carried to the answer by attention and switches one neuron on."""
    loaded = load_tiny(tmp_path / "model", "llama")
    (magic,) = loaded.tokenizer.encode(" library", add_special_tokens=False)
    layer, model = loaded.model.model.layers[0], loaded.model
    embedding = model.get_input_embeddings().weight
    embedding[:, 0] = 0.0
    embedding[magic] = 0.0
    embedding[magic, 0] = 6.0
    for part in (layer.self_attn.q_proj, layer.self_attn.k_proj):
        part.weight.zero_()  # attention to everything alike
    layer.self_attn.v_proj.weight.zero_()
    layer.self_attn.v_proj.weight[0, 0] = 1.0
    layer.self_attn.o_proj.weight.zero_()
    layer.self_attn.o_proj.weight[0, 0] = 400.0
    layer.input_layernorm.weight.fill_(1.0)
    layer.post_attention_layernorm.weight.fill_(1.0)
    layer.mlp.gate_proj.weight[9] = 0.0
    layer.mlp.gate_proj.weight[9, 0] = 20.0
    layer.mlp.up_proj.weight[9] = 0.0
    layer.mlp.up_proj.weight[9, 0] = 20.0
    texts = ("Nobody came on Sunday.", "When is the library open on Sunday?")
    examples = examples_of(texts)
    settings = config(examples, tmp_path)
    answers = [loaded.tokenizer.encode(name, add_special_tokens=False) for name in TASK.label_names]
    unembedding = loaded.architecture.unembedding.weight
    layer.mlp.down_proj.weight[:, 9] = sum(unembedding[ids[0]] for ids in answers)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    other, example = examples
    labelled = Decision(other.id, DecisionKind.LABEL, Answer("yes"))
    *_, words = Explainer(settings, scanner).words(example.id, [labelled])
    strongest = max(words, key=lambda word: word.drop)
    assert example.text[strongest.start : strongest.end] == "library"


def test_a_gap_is_described_by_the_words_of_the_texts_that_share_it(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    """Ten of forty texts are about prizes, and five neurons are on in them alone."""
    planted = np.arange(20, 25, dtype=np.uint32)
    plain = [f"text {n} is about item {n % 7} and place {n % 5}" for n in range(30)]
    topic = [f"text {n} says: win a prize in draw {n}, claim now" for n in range(30, 40)]
    examples = examples_of([*plain, *topic])
    settings = config(examples, tmp_path)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    for example in examples:
        capture = scanner.captures[example.id]
        neurons = np.setdiff1d(capture.neurons, planted)
        if example.row >= 30:
            neurons = np.union1d(neurons, planted)
        # the planted ones push the more, the later the text is in the pool
        pushes = np.where(np.isin(neurons, planted), example.row, 0.5).astype(np.float16)
        scanner.captures[example.id] = replace(capture, neurons=neurons, contributions=pushes)
    explainer, offsets = Explainer(settings, scanner), scanner.shape.offsets
    labels = [Decision(one.id, DecisionKind.LABEL, Answer("yes")) for one in examples[:30:2]]
    found = explained(explainer, examples[35].id, labels)
    assert len(found.keywords) == N_KEYWORDS
    assert {*found.keywords} < {"says", "win", "prize", "in", "draw", "claim", "now"}
    assert len(found.alike) == N_ALIKE
    assert {*found.alike} < {one.id for one in examples[30:]} - {found.example_id}
    strongest = [
        one.texts for one in found.neurons if int(offsets[one.layer]) + one.index in planted
    ]
    assert strongest and {*strongest} == {(examples[39].id, examples[38].id)}
    other = explained(explainer, examples[1].id, labels)
    assert not {*other.keywords} & {"win", "prize", "claim"}
