"""Capture against a slow, obvious implementation, for every family of models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from transformers.pytorch_utils import Conv1D

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model import reading
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.expanded import read_expanded
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.prefix import MIN_LENGTH
from neufs_tui.model.reading import LARGE_TREE
from neufs_tui.model.ways import Way
from tests.captures import assert_same
from tests.model.test_concentration import slow_nucleus
from tests.models import load, load_tiny, only_ffns
from tests.tiny import CORPUS, FAMILIES

TASK = Task(
    labels=tuple(Label(name) for name in ("With Explanation", "Without Explanation", "praise")),
    instruction="Classify.",
)
EVERYTHING = CaptureSettings(layer_entries=10**6, set_size=10**6)


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp(request.param), request.param)


def obvious(
    loaded: LoadedModel, ids: list[int], answer: list[int], site: str, *, arriving: bool = True
) -> dict[str, object]:
    """One candidate behind one prompt: a whole forward pass, then loops."""
    seen: dict[tuple[int, str], torch.Tensor] = {}
    handles = []
    for layer, ffn in enumerate(only_ffns(loaded.architecture)):
        handles.append(
            ffn.down_projection.register_forward_hook(
                lambda _, args, out, layer=layer: seen.update(
                    {(layer, "down_proj"): args[0][0], (layer, "ffn"): out[0]}
                )
            )
        )
    for layer, block in enumerate(loaded.architecture.layers):
        if norm := getattr(block, "post_feedforward_layernorm", None):
            handles.append(
                norm.register_forward_hook(
                    lambda _, args, out, layer=layer: seen.update({(layer, "arrived"): out[0]})
                )
            )
    for layer, ffn in enumerate(only_ffns(loaded.architecture)):
        assert ffn.activation is not None
        handles.append(
            ffn.activation.register_forward_hook(
                lambda _, args, out, layer=layer: seen.update({(layer, "act_fn"): out[0]})
            )
        )
    with torch.no_grad():
        logits = loaded.model(input_ids=torch.tensor([ids + answer])).logits[0]
    for handle in handles:
        handle.remove()
    score, contributions, projected = 0.0, [], []
    for t, token in enumerate(answer):
        position = len(ids) + t - 1
        score += logits[position].log_softmax(0)[token].item() / len(answer)
        row = loaded.model.get_output_embeddings().weight[token].detach()
        by_layer = []
        for layer, ffn in enumerate(only_ffns(loaded.architecture)):
            module = ffn.down_projection
            weight = module.weight.detach()
            columns = weight if isinstance(module, Conv1D) else weight.T
            activation = seen[layer, site][position]
            block, out = loaded.architecture.layers[layer], seen[layer, "ffn"][position]
            bias = module.bias if module.bias is not None else torch.zeros(32)
            pushed, arrived = row, out - bias
            if arriving:
                pushed = row * getattr(block, "residual_multiplier", 1.0)
            if arriving and (norm := getattr(block, "post_feedforward_layernorm", None)):
                # Gemma's gains are stored less 1
                gain = norm.weight.detach() + ("Gemma" in type(norm).__name__)
                pushed = pushed * gain / out.square().mean().sqrt()
                arrived = seen[layer, "arrived"][position]
                projected.append(torch.dot(arrived, row).item())
            else:
                projected.append(torch.dot(arrived, pushed).item())
            by_layer.append(
                [activation[i].item() * torch.dot(columns[i], pushed).item() for i in range(48)]
            )
        contributions.append(by_layer)
    return {"score": score, "contributions": np.array(contributions), "projected": projected}


@pytest.mark.parametrize(
    ("site", "arriving"), [("down_proj", True), ("down_proj", False), ("act_fn", False)]
)
def test_contributions_and_scores_equal_the_obvious_implementation(
    loaded: LoadedModel, site: str, arriving: bool
) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    settings = replace(EVERYTHING, hook_site=site, arriving=arriving)
    runner = CaptureRunner(loaded, encoder.candidates, settings)
    captures = runner.capture(prompts)
    for prompt, capture, entries in zip(prompts, captures, runner.entries(prompts), strict=True):
        expected = [
            obvious(loaded, list(prompt.ids), list(candidate), site, arriving=arriving)
            for candidate in encoder.candidates
        ]
        scores = np.array([one["score"] for one in expected])
        np.testing.assert_allclose(capture.scores, scores, rtol=1e-4, atol=1e-4)
        assert capture.answer == int(scores.argmax())
        slow = expected[capture.answer]["contributions"]  # (position, layer, neuron)
        fast = np.full(slow.shape, np.nan)
        kept = np.isfinite(entries.contribution)
        at = (entries.position, entries.neuron // 48, entries.neuron % 48)
        fast[tuple(part[kept] for part in at)] = entries.contribution[kept]
        scale = np.abs(slow).max()
        assert np.abs(fast - slow).max() / scale < 1e-4
        if site == "down_proj":
            sums = fast.sum(axis=2).ravel()
            np.testing.assert_allclose(
                sums, expected[capture.answer]["projected"], rtol=1e-3, atol=1e-3 * scale
            )


def test_tree_and_copies_agree(loaded: LoadedModel) -> None:
    if loaded.ways.way(200, 0) != "tree":
        pytest.skip("this model is not read as a tree")
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    tree = CaptureRunner(loaded, encoder.candidates, EVERYTHING, way="tree").capture(prompts)
    copies = CaptureRunner(loaded, encoder.candidates, EVERYTHING, way="expanded").capture(prompts)
    assert_same(tree, copies, neurons=False)


def tokens_read(loaded: LoadedModel, runner: CaptureRunner, prompt: EncodedPrompt) -> int:
    """Tokens that one capture sends through the model."""
    widths: list[int] = []

    def note(_module: object, _args: object, given: dict[str, torch.Tensor]) -> None:
        widths.append(given["input_ids"].numel())

    handle = loaded.model.register_forward_pre_hook(note, with_kwargs=True)
    runner.capture([prompt])
    handle.remove()
    return sum(widths)


@pytest.mark.parametrize("mask_pad_tokens", [False, True])
def test_a_shared_beginning_changes_nothing_but_the_work(
    loaded: LoadedModel, mask_pad_tokens: bool
) -> None:
    task = replace(TASK, instruction="Say what the text is, in one of these words:\n{labels}")
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    prefix = encoder.shared_prefix()
    assert len(prefix) >= MIN_LENGTH
    assert all(prompt.ids[: len(prefix)] == prefix for prompt in prompts)
    settings = CaptureSettings(mask_pad_tokens=mask_pad_tokens)
    whole = CaptureRunner(loaded, encoder.candidates, settings)
    shared = CaptureRunner(loaded, encoder.candidates, settings)
    shared.share(prefix)
    saved = tokens_read(loaded, whole, prompts[0]) - tokens_read(loaded, shared, prompts[0])
    assert saved == (len(prefix) if loaded.ways.way(200, 0) == "tree" else 0)
    assert_same(whole.capture(prompts), shared.capture(prompts))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("shared", [False, True])
def test_a_gpu_captures_what_a_cpu_captures(tmp_path: Path, shared: bool) -> None:
    here = load_tiny(tmp_path, "llama")
    there = load(tmp_path, device="cuda")
    encoder = PromptEncoder(here.tokenizer, TASK, context_window=here.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    runners = [
        CaptureRunner(loaded, encoder.candidates, CaptureSettings()) for loaded in (here, there)
    ]
    if shared:
        for runner in runners:
            runner.share(encoder.shared_prefix())
    for one, other in zip(*(runner.capture(prompts) for runner in runners), strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-3, atol=1e-3)
        assert one.answer == other.answer
        common = len(np.intersect1d(one.neurons, other.neurons))
        assert common >= 0.98 * len(one.neurons)


def test_prompts_that_begin_otherwise_are_read_whole(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    shared = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    shared.share(tuple(range(100, 100 + MIN_LENGTH)))
    whole = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    for one, other in zip(whole.capture(prompts), shared.capture(prompts), strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)


def test_a_batch_and_its_examples_alone_agree(loaded: LoadedModel) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    prompts = [encoder.prompt(text) for text in CORPUS]
    for together, prompt in zip(runner.capture(prompts), prompts, strict=True):
        (alone,) = runner.capture([prompt])
        np.testing.assert_allclose(together.scores, alone.scores, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(together.neurons, alone.neurons)


def neuron_set(slow: np.ndarray, n_entries: int, n_set: int) -> tuple[set[int], int]:
    """The definition, in loops: slow has shape (position, layer, neuron)."""
    best: dict[int, float] = {}
    for layer in range(slow.shape[1]):
        flat = [
            (slow[position, layer, neuron], neuron)
            for position in range(slow.shape[0])
            for neuron in range(slow.shape[2])
        ]
        for value, neuron in sorted(flat, reverse=True)[:n_entries]:
            key = layer * slow.shape[2] + neuron
            best[key] = max(best.get(key, -np.inf), value)
    ranked = sorted((key for key in best if best[key] > 0), key=lambda key: -best[key])
    return set(ranked[:n_set]), len(best)


@pytest.mark.parametrize(("layer_entries", "set_size"), [(10, 20), (0.5, 0.2), (200, 1000)])
def test_neuron_sets_and_counts_follow_their_definition(
    tmp_path: Path, layer_entries: float, set_size: float
) -> None:
    loaded = load_tiny(tmp_path, "llama")
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompt = encoder.prompt(CORPUS[0])
    settings = CaptureSettings(layer_entries=layer_entries, set_size=set_size)
    (capture,) = CaptureRunner(loaded, encoder.candidates, settings).capture([prompt])
    candidate = list(encoder.candidates[capture.answer])
    slow = obvious(loaded, list(prompt.ids), candidate, "down_proj")["contributions"]
    expected, count = neuron_set(slow, settings.n_layer_entries(48), settings.n_set(3 * 48))
    assert set(capture.neurons.tolist()) == expected
    assert capture.neuron_count == count
    assert capture.n_answer_tokens == len(candidate)
    strongest = slow.max(axis=0).ravel()[capture.neurons]
    np.testing.assert_allclose(capture.contributions, strongest, rtol=2e-3, atol=1e-3)


def test_a_one_token_answer_has_neurons_and_the_reference_leaves_it_none(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")
    task = Task(labels=(Label("A"), Label("B")))
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    assert [len(candidate) for candidate in encoder.candidates] == [1, 1]
    prompt = encoder.prompt("text")
    (ours,) = CaptureRunner(loaded, encoder.candidates, CaptureSettings()).capture([prompt])
    dropped = CaptureSettings(drop_last_position=True)
    (theirs,) = CaptureRunner(loaded, encoder.candidates, dropped).capture([prompt])
    assert ours.neuron_count > 0
    assert len(ours.neurons) > 0
    assert theirs.neuron_count == 0
    assert len(theirs.neurons) == 0


def test_hiding_pad_tokens_hides_real_end_of_turn_tokens(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompt = encoder.prompt(CORPUS[0])
    assert loaded.pad_id in prompt.ids
    (right,) = CaptureRunner(loaded, encoder.candidates, EVERYTHING).capture([prompt])
    hiding = CaptureSettings(layer_entries=10**6, set_size=10**6, mask_pad_tokens=True)
    results = [
        CaptureRunner(loaded, encoder.candidates, hiding, way=way).capture([prompt])[0]
        for way in get_args(Way)
    ]
    for other in results[1:]:
        np.testing.assert_allclose(results[0].scores, other.scores, rtol=1e-4, atol=1e-4)
    assert np.abs(results[0].scores - right.scores).max() > 1e-3


@pytest.fixture
def many() -> Task:
    words = [word for text in CORPUS for word in text.split()]
    names = {f"{one} {other}" for one in words[:12] for other in words[10:22]}
    return Task(labels=tuple(Label(name) for name in sorted(names)), instruction="Classify.")


@pytest.mark.parametrize("shared", [False, True])
def test_of_many_labels_only_contenders_are_read_and_nothing_else_changes(
    loaded: LoadedModel, many: Task, shared: bool
) -> None:
    encoder = PromptEncoder(loaded.tokenizer, many, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    every = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    assert every.n_likely_slots >= LARGE_TREE
    some = CaptureRunner(
        loaded,
        encoder.candidates,
        CaptureSettings(),
        neutral_prompt=encoder.prompt("").ids,
    )
    if shared:
        some.share(encoder.shared_prefix())
    for one, other in zip(every.capture(prompts), some.capture(prompts), strict=True):
        assert one.answer == other.answer
        np.testing.assert_array_equal(one.neurons, other.neurons)
        assert one.neuron_count == other.neuron_count
        assert abs(one.scores[one.answer] - other.scores[one.answer]) < 1e-4
        assert other.scores.max() == other.scores[other.answer]
    assert tokens_read(loaded, some, prompts[0]) <= tokens_read(loaded, every, prompts[0])


def test_a_long_text_is_read_in_pieces(loaded: LoadedModel) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in (CORPUS[0] * 2, CORPUS[1])]
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    whole = runner.capture(prompts)
    pieces = CaptureRunner(loaded, encoder.candidates, CaptureSettings(), chunk=16)
    assert_same(whole, pieces.capture(prompts))


def test_attention_that_takes_no_masks_reads_copies_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_tiny(tmp_path, "llama")
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    tree = CaptureRunner(loaded, encoder.candidates, EVERYTHING).capture(prompts)
    loaded = replace(loaded, ways=replace(loaded.ways, tree=False))
    called: list[object] = []
    monkeypatch.setattr(
        reading, "read_expanded", lambda *given: called.append(1) or read_expanded(*given)
    )
    copies = CaptureRunner(loaded, encoder.candidates, EVERYTHING).capture(prompts)
    assert called
    assert_same(tree, copies, neurons=False)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_nucleus_is_that_of_every_contribution(tmp_path: Path, family: str) -> None:
    loaded = load_tiny(tmp_path, family)
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings(nucleus_share=0.8))
    prompts = [encoder.prompt(text) for text in CORPUS]
    for prompt, captured in zip(prompts, runner.capture(prompts), strict=True):
        values = runner.contributions(prompt, captured.answer).values.max(axis=0)
        assert abs(captured.nucleus - slow_nucleus(values, 0.8)) <= 1
        positive = values[values > 0].astype(np.float64)
        expected = positive.sum() ** 2 / (positive**2).sum()
        assert captured.participation == pytest.approx(expected, rel=1e-3)
