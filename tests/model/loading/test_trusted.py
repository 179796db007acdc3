"""A model of a family that is not known is used if it passes the self-check and is trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.families import architecture, arrival
from neufs_tui.model.families.layouts import FfnPath
from neufs_tui.model.loaded import TRUSTED, LoadedModel
from neufs_tui.model.loading.checked import load_checked_model
from tests.captures import assert_same
from tests.model.loading.test_adapters import captured
from tests.models import Listener
from tests.tiny import save_tiny_model

OWN_MODEL = """
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaMLP

class OwnConfig(LlamaConfig):
    model_type = "own"
    two: bool = False

class OwnMLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.hidden_size, 2 * config.intermediate_size)
        self.lower = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, states):
        gate, up = self.up(states).chunk(2, dim=-1)
        return self.lower(torch.relu(gate) ** 2 * up)

class TwoMLPs(LlamaMLP):
    def __init__(self, config):
        super().__init__(config)
        self.rise = nn.Linear(config.hidden_size, 24)
        self.lower = nn.Linear(24, config.hidden_size)

    def forward(self, states):
        return super().forward(states) + self.lower(torch.tanh(self.rise(states)))

class OwnForCausalLM(LlamaForCausalLM):
    config_class = OwnConfig

    def __init__(self, config):
        super().__init__(config)
        for layer in self.model.layers:
            layer.mlp = (TwoMLPs if config.two else OwnMLP)(config)
        self.post_init()
"""


def load(folder: Path, *, trust: bool, **more: bool) -> tuple[LoadedModel, list[str]]:
    listener = Listener()
    choice = ModelChoice(
        str(folder / "model"), device="cpu", dtype="float32", trust_self_check=trust, **more
    )
    loaded = load_checked_model(choice, folder / "models", listener)
    return loaded, [detail for _, detail in listener.stages]


def hide_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("STACKS", "SINGLE", "ROUTED"):
        monkeypatch.setattr(architecture, table, ())


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "granite", "qwen3_5"])
def test_a_hidden_family_is_read_as_the_known_one(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tiny_model(tmp_path / "model", family)
    known, _ = load(tmp_path, trust=True)
    assert not known.trusted and TRUSTED not in known.reading
    hide_all(monkeypatch)
    with pytest.raises(ModelError, match=r"not known; .* passes the self-check") as caught:
        load(tmp_path, trust=False)
    assert caught.value.hint == "add --trust-self-check to use it"
    trusted, stages = load(tmp_path, trust=True)
    assert_same(captured(trusted), captured(known))
    assert (trusted.ways, trusted.architecture.shape) == (known.ways, known.architecture.shape)
    assert trusted.trusted and TRUSTED in trusted.reading
    assert f"the model is of {TRUSTED}" in stages
    assert trusted.fingerprint != known.fingerprint
    # What was proved for one who trusts it says nothing to one who does not
    with pytest.raises(ModelError, match="is not known"):
        load(tmp_path, trust=False)


def test_an_unknown_norm_behind_unknown_ffns_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tiny_model(tmp_path / "model", "gemma2")
    hide_all(monkeypatch)
    monkeypatch.setattr(arrival, "_NORMS", ())
    with pytest.raises(ModelError, match="gemma2 cannot be read rightly"):
        load(tmp_path, trust=True)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Write a model with code of its own, and one FFN or two in a layer."""
    monkeypatch.setattr(
        "transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "code")
    )
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(two: bool) -> None:
        folder = save_tiny_model(tmp_path / "model")
        file = folder / "config.json"
        classes = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"}
        said = json.loads(file.read_text()) | {"model_type": "own", "auto_map": classes, "two": two}
        file.write_text(json.dumps(said))
        (folder / "own.py").write_text(OWN_MODEL)
        config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
        torch.manual_seed(3)
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=True)
        model.save_pretrained(folder)

    return write


@pytest.mark.parametrize(
    ("two", "refused"),
    [
        (False, "the family own is not known; what looks like its FFNs passes the self-check"),
        (True, r"layer 0 has a part .* not known: mlp\.lower; with it the self-check passes"),
    ],
    ids=["only FFN", "second FFN"],
)
def test_code_of_its_own_is_read(
    two: bool,
    refused: str,
    own: Callable[[bool], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own(two)
    for _ in range(2):
        with pytest.raises(ModelError, match=refused) as caught:
            load(tmp_path, trust=False, trust_remote_code=True)
        assert caught.value.hint == "add --trust-self-check to use it"
        trusted, _ = load(tmp_path, trust=True, trust_remote_code=True)
    assert "wish to run" not in capsys.readouterr().out
    assert {len(ffns) for ffns in trusted.architecture.ffns} == {1 + two}
    monkeypatch.setattr(architecture, "SINGLE", (*architecture.SINGLE, FfnPath("mlp.lower")))
    known, _ = load(tmp_path, trust=False, trust_remote_code=True)
    assert not known.trusted
    assert_same(captured(trusted), captured(known))
