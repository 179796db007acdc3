"""What a linear layer applies, read the same however the layer stores it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate import disk_offload
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, LlamaConfig
from transformers.pytorch_utils import Conv1D

from neufs_tui.core.model_shape import dense_shape
from neufs_tui.model.families.architecture import Architecture, find_architecture
from neufs_tui.model.loading.ffn_check import check_weights
from neufs_tui.model.loading.self_check import check_structure
from neufs_tui.model.pushes import Pushes
from neufs_tui.model.weights import applied_weight, is_centring, norm_gain, output_rows
from tests.models import load, only_ffns
from tests.tiny import FAMILIES, save_tiny_model


class EightBit(nn.Module):
    """A linear layer that keeps whole numbers and a scale, as quantised checkpoints do."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.in_features = weight.shape[1]
        self.scale = nn.Parameter(weight.abs().amax(dim=1, keepdim=True) / 127)
        self.weight = nn.Parameter((weight / self.scale).round().char(), requires_grad=False)
        self.bias = bias

    def applied(self) -> Tensor:
        return (self.weight.float() * self.scale).detach()

    def forward(self, values: Tensor) -> Tensor:
        return nn.functional.linear(values, self.weight.float() * self.scale, self.bias)


@pytest.mark.parametrize("bias", [False, True])
def test_a_quantised_layer_is_read_by_what_it_does(bias: bool) -> None:
    torch.manual_seed(0)
    layer = EightBit(torch.randn(32, 1500), torch.randn(32) if bias else None)
    torch.testing.assert_close(applied_weight(layer, 1500), layer.applied(), atol=1e-5, rtol=0)
    rows = output_rows(layer, [3, 30], 1500)
    torch.testing.assert_close(rows, layer.applied()[[3, 30]], atol=1e-5, rtol=0)


@pytest.mark.parametrize("stored", [torch.int8, torch.float8_e4m3fn])
def test_a_linear_layer_that_stores_scaled_numbers_is_read_by_what_it_does(
    stored: torch.dtype,
) -> None:
    """Its class says nothing of that: compressed checkpoints put another forward in."""
    torch.manual_seed(0)
    layer = nn.Linear(6, 4)
    applied = (layer.weight.detach() * 16).to(stored).float() / 16
    layer.weight = nn.Parameter((applied * 16).to(stored), requires_grad=False)
    layer.forward = lambda given: nn.functional.linear(given, applied, layer.bias)
    torch.testing.assert_close(applied_weight(layer, 6), applied)


def test_a_linear_layer_with_another_forward_is_read_by_what_it_does() -> None:
    layer = nn.Linear(6, 4)
    layer.forward = lambda given: nn.functional.linear(given, 3 * layer.weight)
    torch.testing.assert_close(applied_weight(layer, 6), 3 * layer.weight.detach())


def test_plain_layers_are_read_as_they_lie() -> None:
    linear, transposed = nn.Linear(5, 3), Conv1D(3, 5)
    assert torch.equal(applied_weight(linear, 5), linear.weight.detach())
    assert torch.equal(applied_weight(transposed, 5), transposed.weight.detach().T)
    assert torch.equal(output_rows(linear, [2, 0], 5), linear.weight.detach()[[2, 0]])


def pushes(architecture: Architecture) -> Tensor:
    """Of two tokens, in every layer."""
    found = Pushes(architecture, [3, 5])
    return torch.stack([found.of(layer, torch.arange(2), None) for layer in range(3)])


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_an_offloaded_model_has_the_same_projections(tmp_path: Path, family: str) -> None:
    save_tiny_model(tmp_path, family)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    here = pushes(find_architecture(model))
    offloaded = disk_offload(
        AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32),
        str(tmp_path / "offload"),
        execution_device=torch.device("cpu"),
    )
    architecture = find_architecture(offloaded)
    assert next(only_ffns(architecture)[0].down_projection.parameters()).is_meta
    torch.testing.assert_close(pushes(architecture), here, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("bits", [4, 8])
def test_contributions_add_up_in_a_quantised_checkpoint(tmp_path: Path, bits: int) -> None:
    pytest.importorskip("bitsandbytes")
    save_tiny_model(tmp_path / "plain", "llama")
    # The packed layers of some CPUs take multiples of 32 rows
    wide = {"hidden_size": 128, "intermediate_size": 256, "head_dim": 32}
    shape = FAMILIES["llama"].to_dict() | wide
    AutoModelForCausalLM.from_config(LlamaConfig(**shape)).save_pretrained(tmp_path / "plain")
    how = BitsAndBytesConfig(
        load_in_4bit=bits == 4, load_in_8bit=bits == 8, bnb_4bit_compute_dtype=torch.float32
    )
    AutoModelForCausalLM.from_pretrained(
        tmp_path / "plain", quantization_config=how, device_map={"": "cpu"}
    ).save_pretrained(tmp_path / "packed")
    for file in (tmp_path / "plain").glob("*token*"):
        (tmp_path / "packed" / file.name).write_bytes(file.read_bytes())
    loaded = load(tmp_path / "packed")
    check_structure(loaded)
    check_weights(loaded)
    architecture = loaded.architecture
    layer = only_ffns(architecture)[1].down_projection
    assert not layer.weight.is_floating_point()
    assert (architecture.d_model, architecture.shape) == (128, dense_shape(3, 256))
    activation = torch.rand(256)
    with torch.no_grad():
        output = layer(activation[None])[0]
    row = architecture.unembedding.weight[5].detach().float()
    projection = Pushes(architecture, [5]).of(1, torch.tensor(0), None)
    # 8-bit layers round what they are given, 4-bit ones on some CPUs compute in bfloat16
    tolerance = 0.02
    scale = (activation * projection).abs().sum()
    assert ((activation * projection).sum() - output.float() @ row).abs() < tolerance * scale


class Centring(nn.Module):
    """A norm of another class that does what LayerNorm does, without weights."""

    def forward(self, values: Tensor) -> Tensor:
        return nn.functional.layer_norm(values, values.shape[-1:])


@pytest.mark.parametrize(
    ("norm", "gain", "centres"),
    [
        (nn.RMSNorm(4), [2.0, 3.0, 4.0, 5.0], False),
        (nn.LayerNorm(4), [2.0, 3.0, 4.0, 5.0], True),
        (nn.RMSNorm(4, elementwise_affine=False), [1.0] * 4, False),
        (Centring(), [1.0] * 4, True),
    ],
)
def test_a_norm_is_known_by_what_it_does(norm: nn.Module, gain: list[float], centres: bool) -> None:
    for name, parameter in norm.named_parameters():
        parameter.data = torch.tensor([2.0, 3.0, 4.0, 5.0]) if name == "weight" else torch.ones(4)
    assert norm_gain(norm, 4).tolist() == pytest.approx(gain, rel=1e-4)
    assert is_centring(norm, 4) == centres
