"""Mixtures of experts against what their own blocks put out, with and without single neurons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import disk_offload
from transformers import AutoModelForCausalLM

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.contributions import Contributions
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import check_weights
from neufs_tui.model.loading.self_check import check_structure
from neufs_tui.model.pushes import Pushes
from neufs_tui.model.recording import record_activations
from tests.captures import assert_same
from tests.experts import pushed_behind, silenced
from tests.models import load, load_tiny
from tests.tiny import CORPUS, MIXTURES

TASK = Task(
    labels=tuple(Label(name) for name in ("With Explanation", "Without Explanation", "praise")),
    instruction="Classify.",
)


@pytest.fixture(scope="module", params=MIXTURES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def encoder(loaded: LoadedModel) -> PromptEncoder:
    return PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)


def contributed(
    loaded: LoadedModel, encoder: PromptEncoder, prompt: EncodedPrompt
) -> Contributions:
    """To the first label's tokens."""
    return CaptureRunner(loaded, encoder.candidates[:1], CaptureSettings()).contributions(prompt, 0)


def has_norm_behind(loaded: LoadedModel) -> bool:
    return any(ffn.arrival.norms for _, ffn in loaded.architecture.every_ffn())


def test_contributions_add_up_to_what_a_block_writes(
    loaded: LoadedModel, encoder: PromptEncoder
) -> None:
    if has_norm_behind(loaded):
        pytest.skip("a norm divides what is left by something else")
    shape = loaded.architecture.shape
    for prompt in map(encoder.prompt, CORPUS):
        found = contributed(loaded, encoder, prompt)
        layers = shape.layers_of(found.neurons)
        for layer in range(shape.n_layers):
            whole = pushed_behind(loaded, prompt.ids, encoder.candidates[0], layer)
            with silenced(loaded, layer):
                expected = whole - pushed_behind(loaded, prompt.ids, encoder.candidates[0], layer)
            sums = found.values[:, layers == layer].sum(axis=1, dtype=np.float64)
            np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-4)


def test_removing_a_neuron_moves_the_block_by_its_contribution(
    loaded: LoadedModel, encoder: PromptEncoder
) -> None:
    if has_norm_behind(loaded):
        pytest.skip("a norm divides what is left by something else")
    shape, prompt = loaded.architecture.shape, encoder.prompt(CORPUS[1])
    found = contributed(loaded, encoder, prompt)
    chosen = np.random.default_rng(0).choice(shape.n_neurons, 40, replace=False)
    n_passed = 0
    for neuron in chosen.tolist():
        place = shape.place(neuron)
        whole = pushed_behind(loaded, prompt.ids, encoder.candidates[0], place.layer)
        with silenced(loaded, place.layer, place):
            moved = whole - pushed_behind(loaded, prompt.ids, encoder.candidates[0], place.layer)
        column = np.flatnonzero(found.neurons == neuron)
        n_passed += len(column)
        expected = found.values[:, column].sum(axis=1)  # nothing if it is not passed
        np.testing.assert_allclose(moved, expected, rtol=1e-3, atol=1e-4)
    assert 0 < n_passed < 40


def test_all_ways_of_reading_agree_with_plain_passes(
    loaded: LoadedModel, encoder: PromptEncoder
) -> None:
    prompts = [encoder.prompt(text) for text in CORPUS]
    settings = CaptureSettings(layer_entries=0.5, set_size=0.3)
    plain = CaptureRunner(loaded, encoder.candidates, settings, way="plain").capture(prompts)
    for way in ("tree", "expanded"):
        if way == "tree" and loaded.ways.way(200, 0) != "tree":
            continue
        for chunk in (1024, 7):
            runner = CaptureRunner(loaded, encoder.candidates, settings, way=way, chunk=chunk)
            runner.share(encoder.shared_prefix() if way == "tree" else ())
            assert_same(runner.capture(prompts), plain)
    check_structure(loaded)
    check_weights(loaded)


@pytest.mark.parametrize(("layer_entries", "set_size"), [(10, 20), (0.5, 0.2), (10**6, 10**6)])
def test_sets_and_counts_are_over_the_neurons_that_are_passed(
    loaded: LoadedModel, encoder: PromptEncoder, layer_entries: float, set_size: float
) -> None:
    """The definition, in loops over every contribution of every position."""
    shape = loaded.architecture.shape
    settings = CaptureSettings(layer_entries=layer_entries, set_size=set_size)
    prompts = [encoder.prompt(text) for text in CORPUS]
    runner = CaptureRunner(loaded, encoder.candidates, settings)
    for prompt, captured in zip(prompts, runner.capture(prompts), strict=True):
        found = runner.contributions(prompt, captured.answer)
        layers = shape.layers_of(found.neurons)
        best: dict[int, float] = {}
        for layer in range(shape.n_layers):
            own = [
                (float(value), int(neuron))
                for row, active in zip(found.values, found.activations, strict=True)
                for value, neuron, on in zip(
                    row[layers == layer],
                    found.neurons[layers == layer],
                    active[layers == layer],
                    strict=True,
                )
                if on
            ]
            for value, neuron in sorted(own, reverse=True)[
                : settings.n_layer_entries(shape.n_active[layer])
            ]:
                best[neuron] = max(best.get(neuron, -np.inf), value)
        ranked = sorted((one for one in best if best[one] > 0), key=lambda one: -best[one])
        assert set(captured.neurons.tolist()) == {*ranked[: settings.n_set(sum(shape.n_active))]}
        if layer_entries < 10**6:
            assert captured.neuron_count == len(best)


def test_what_is_worked_out_of_experts_need_not_be_kept(loaded: LoadedModel) -> None:
    architecture = loaded.architecture
    layer = architecture.n_layers - 1
    routed = architecture.ffns[layer][0].shape
    experts = torch.randint(routed.n_experts, (2, 3, routed.n_routed))
    tokens = torch.tensor([[0, 1, 0], [1, 1, 0]])
    kept, fresh = (Pushes(architecture, [5, 9], most_kept=size) for size in (1 << 30, 0))
    for _ in range(2):
        torch.testing.assert_close(
            kept.of(layer, tokens, experts), fresh.of(layer, tokens, experts)
        )
    assert kept._experts and not fresh._experts


def test_experts_that_accelerate_brings_are_read_alike(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "mixtral")
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    offloaded = disk_offload(model, str(tmp_path / "kept"), execution_device=torch.device("cpu"))
    architecture = find_architecture(offloaded)
    assert architecture.ffns[0][0].output.down_proj.is_meta
    ids, places, tokens = torch.arange(20, 40)[None], torch.tensor([3, 11]), torch.tensor([0, 1])
    pushed = []
    for read in (loaded.architecture, architecture):
        with torch.no_grad(), record_activations(read, CaptureSettings(), places) as recorder:
            (offloaded if read is architecture else loaded.model)(input_ids=ids)
        pushes = Pushes(read, [5, 9])
        pushed += [
            [layer.values * pushes.of(number, tokens, layer.experts)]
            for number, layer in enumerate(recorder.activations())
        ]
    for here, there in zip(pushed[:3], pushed[3:], strict=True):
        torch.testing.assert_close(there, here)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("family", MIXTURES)
def test_a_gpu_captures_what_a_cpu_captures(family: str, tmp_path: Path) -> None:
    here = load_tiny(tmp_path, family)
    there = load(tmp_path, device="cuda")
    encoder = PromptEncoder(here.tokenizer, TASK, context_window=here.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    found = [
        CaptureRunner(one, encoder.candidates, CaptureSettings()).capture(prompts)
        for one in (here, there)
    ]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-3, atol=1e-3)
        assert len(np.intersect1d(one.neurons, other.neurons)) >= 0.98 * len(one.neurons)
