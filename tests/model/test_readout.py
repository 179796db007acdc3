"""A planted neuron promotes what was planted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from neufs_tui.model.readout import Readout
from tests.models import load_tiny, only_ffns
from tests.tiny import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_a_planted_neuron_pushes_the_planted_token(tmp_path: Path, family: str) -> None:
    loaded = load_tiny(tmp_path, family)
    architecture = loaded.architecture
    norm, head = architecture.final_norm, architecture.unembedding.weight
    planted = torch.randn(head.shape[1])
    planted -= planted.mean()
    is_layer_norm = isinstance(norm, nn.LayerNorm)
    gain = norm.weight if is_layer_norm else norm(torch.ones(1, len(planted)))[0]
    behind = getattr(architecture.layers[1], "post_feedforward_layernorm", nn.Identity())
    direction = planted * behind(torch.ones(1, len(planted)))[0] * gain
    direction /= direction.norm()
    head -= torch.outer(head @ direction, direction)  # no other token answers to it
    token, other = 77, 123
    head[token], head[other] = direction, -direction
    module = only_ffns(architecture)[1].down_projection
    (module.weight.T if isinstance(module, Conv1D) else module.weight)[:, 9] = planted
    expected = [loaded.tokenizer.decode([one]) for one in (token, other)]
    readout = Readout(loaded)
    on = readout.promoted(48 + 9, active=True, n_tokens=3)
    assert (on.towards[0], on.away[0]) == tuple(expected)
    off = readout.promoted(48 + 9, active=False, n_tokens=3)
    assert (off.towards[0], off.away[0]) == tuple(reversed(expected))
