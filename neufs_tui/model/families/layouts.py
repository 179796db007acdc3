"""Where families of models keep their parts, by the names of their attributes.

A layer has an FFN wherever a path of `SINGLE` or `ROUTED` leads in it, so one table serves models
whose layers differ. That no FFN is missed is found by `loading/unnamed.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Stack:
    """A model's layers and what follows them."""

    layers: str
    """From the model to its list of layers."""
    final_norm: str
    """From the model to the norm in front of the unembedding."""


@dataclass(frozen=True, slots=True)
class FfnPath:
    """An FFN of a layer."""

    path: str
    """From the layer to the down-projection, or to the experts."""
    norms: tuple[str, ...] = ()
    """From the layer to RMS norms that it alone passes."""
    factor: str | None = None
    """From the layer to a number that multiplies it alone."""
    gate: str | None = None
    """From the layer to a linear layer whose sigmoid multiplies it."""
    behind: str | None = None
    """From the layer to a linear layer through which it goes, where it is one."""
    router: str | None = None
    """From the layer to a router whose weights multiply what experts take, not what they write."""
    classes: tuple[str, ...] = ()
    """Names of the classes that the module may be of, where the path alone does not tell."""


STACKS = (
    # Llama, Qwen, Mistral, Gemma, DeepSeek, GLM … and what is built like them
    Stack("model.layers", "model.norm"),
    Stack("model.language_model.layers", "model.language_model.norm"),
    # Bamba, Falcon-H1, Jamba, Phi, Persimmon
    Stack("model.layers", "model.final_layernorm"),
    Stack("model.language_model.layers", "model.language_model.final_layernorm"),  # Fuyu
    Stack("model.layers", "model.final_norm"),  # RecurrentGemma, ModernBERT
    Stack("model.layers", "model.embedding_norm"),  # LFM
    Stack("model.layers", "model.norm_f"),  # Nemotron-H
    Stack("model.layers", "model.layer_norm"),  # XGLM
    Stack("transformer.h", "transformer.ln_f"),  # GPT-2, GPT-J, Bloom, Falcon, CodeGen
    Stack("transformer.h", "transformer.layernorm"),  # CTRL
    Stack("transformer.blocks", "transformer.norm_f"),  # MPT, DBRX
    Stack("gpt_neox.layers", "gpt_neox.final_layer_norm"),
    Stack("gpt_neox_japanese.layers", "gpt_neox_japanese.final_layer_norm"),
    Stack("model.decoder.layers", "model.decoder.final_layer_norm"),  # OPT
    Stack("biogpt.layers", "biogpt.layer_norm"),
    Stack("cpmant.encoder.layers", "cpmant.encoder.output_layernorm"),
)

SINGLE = (
    FfnPath("mlp.down_proj", norms=("post_feedforward_layernorm_1",)),  # Llama …; Gemma 4's norm
    FfnPath("mlp.c_proj"),  # GPT-2, StarCoder2
    FfnPath("mlp.dense_4h_to_h"),  # GPT-NeoX, Falcon, Bloom, Persimmon
    FfnPath("mlp.fc2"),  # Phi, NanoChat
    FfnPath("mlp.fc_out"),  # GPT-J, CodeGen
    FfnPath("mlp.Wo"),  # ModernBERT
    FfnPath("fc2"),  # OPT, XGLM, BioGPT
    FfnPath("ffn.down_proj"),  # MPT
    FfnPath("ffn.2"),  # CTRL
    FfnPath("ffn.ffn.w_out"),  # CPM-Ant
    FfnPath("feed_forward.down_proj", factor="feed_forward.down_multiplier"),  # Bamba; Falcon-H1's
    FfnPath("feed_forward.w2"),  # LFM
    FfnPath("mlp_block.down_proj"),  # RecurrentGemma
    FfnPath("mixer.down_proj"),  # Nemotron-H
    FfnPath("mlp.shared_experts.down_proj"),  # DeepSeek, GLM-4.5, …
    FfnPath("mlp.shared_expert.down_proj", gate="mlp.shared_expert_gate"),  # Qwen2 to 3.5 MoE
    FfnPath("mlp.shared_mlp.down_proj"),  # HunYuan
    FfnPath("feed_forward.shared_expert.down_proj"),  # Llama 4
    FfnPath("mixer.shared_experts.down_proj"),  # Nemotron-H
    FfnPath("shared_mlp.output_linear"),  # Granite
)

ROUTED = (
    # What these write is multiplied behind the weighted sum too
    FfnPath(
        "mlp.experts",
        factor="mlp.routed_scaling_factor",
        classes=("LagunaExperts", "MiniMaxM3VLExperts"),
    ),
    FfnPath("mlp.experts"),  # Mixtral, Qwen, DeepSeek, gpt-oss …
    FfnPath("block_sparse_moe.experts"),  # Granite
    FfnPath("feed_forward.experts", router="feed_forward.router", classes=("Llama4TextExperts",)),
    FfnPath("feed_forward.experts"),  # Jamba, LFM
    FfnPath("mixer.experts", behind="mixer.fc2_latent_proj"),  # Nemotron-H
    FfnPath("experts", norms=("post_feedforward_layernorm_2",)),  # Gemma 4
)


def found_at(owner: object, path: str | None) -> Any:
    """What a path leads to; None where it leads nowhere."""
    try:
        return attrgetter(path)(owner) if path else None
    except AttributeError:
        return None
