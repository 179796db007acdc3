"""An explanation's bars are the FFN's own output, and its labels those given before."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from neufs_tui.core.records import Decision, DecisionKind
from neufs_tui.engine.explaining import N_NEURONS, Explainer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loading import LoadedModel
from tests.engine.test_scanning import TASK, config, pool
from tests.model.conftest import load_tiny

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
        module.register_forward_hook(lambda module, _, out: seen.append(out[0] - bias(module)))
        for module in loaded.architecture.down_projections
    ]
    with torch.no_grad():
        loaded.model(input_ids=torch.tensor([prompt + answer]))
    for handle in handles:
        handle.remove()
    rows = loaded.architecture.unembedding.weight
    places = range(len(prompt) - 1, len(prompt) - 1 + len(answer))
    return sum(
        (layer[place] @ rows[token]).item()
        for layer in seen
        for place, token in zip(places, answer, strict=True)
    )


def bias(module: torch.nn.Module) -> torch.Tensor | float:
    return module.bias if module.bias is not None else 0.0


def label(place: int) -> Decision:
    return Decision(EXAMPLES[place].id, DecisionKind.LABEL, "yes")


def test_the_bars_add_up_to_the_projected_ffn_output(
    explainer: Explainer, loaded: LoadedModel
) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    for example in EXAMPLES[3:9]:
        found = explainer.explain(example.id, [label(0), label(1)])
        answer = encoder.candidates[TASK.label_names.index(found.answer)]
        prompt = encoder.prompt(example.text).ids
        expected = projected_ffn_output(loaded, list(prompt), list(answer))
        assert found.total == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert found.overlap is not None
        assert len(found.neurons) == min(N_NEURONS, found.gap.size)
        singles = [bar.contribution for bar in found.bars[:-3]]
        assert singles == pytest.approx([one.contribution for one in found.neurons])
        assert all(one.nearest in found.labelled for one in found.neurons)


def test_a_labelled_example_is_explained_by_the_labels_before_it(explainer: Explainer) -> None:
    skipped = Decision(EXAMPLES[2].id, DecisionKind.SKIP)
    decisions = [label(0), skipped, label(4), label(5)]
    assert explainer.explain(EXAMPLES[4].id, decisions).labelled == (EXAMPLES[0].id,)
    assert len(explainer.explain(EXAMPLES[7].id, decisions).labelled) == 3
    alone = explainer.explain(EXAMPLES[0].id, decisions)
    assert alone.labelled == ()
    assert alone.overlap is None
    assert alone.gap.size == alone.gap.set_size
    assert all(one.nearest is None for one in alone.neurons)
