"""Adapters with random weights on tiny models, saved as peft saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from peft import LoraConfig, PeftConfig, PeftModel
    from transformers import PreTrainedModel

LLAMA_LINEAR = ["q_proj", "v_proj", "gate_proj", "up_proj", "down_proj"]


def lora(*targets: str, **more: object) -> LoraConfig:
    """A LoRA for continuing text, on attention and FFN unless targets are named."""
    from peft import LoraConfig

    given = {"r": 4, "lora_alpha": 8, "task_type": "CAUSAL_LM", **more}
    return LoraConfig(target_modules=[*targets] or LLAMA_LINEAR, **given)


def put_on(model: PreTrainedModel, config: PeftConfig, seed: int = 3) -> PeftModel:
    """An adapter whose every weight is random, its second matrices among them."""
    from peft import get_peft_model

    torch.manual_seed(seed)
    adapted = get_peft_model(model, config)
    with torch.no_grad():
        for weight in adapted.parameters():
            if weight.requires_grad:
                weight.add_(torch.randn_like(weight) * 0.2)
    return adapted.eval()


def write_config(folder: Path, **said: object) -> Path:
    """An adapter's folder with its configuration alone, which is a LoRA's."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "base"}
    (folder / "adapter_config.json").write_text(json.dumps(config | said))
    return folder


def save_adapter(
    folder: Path, base: Path, config: PeftConfig | None = None, seed: int = 3
) -> PeftModel:
    """Save an adapter on the model of a folder; returns the model with it on."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    adapted = put_on(model, config or lora(), seed)
    adapted.save_pretrained(folder)
    return adapted
