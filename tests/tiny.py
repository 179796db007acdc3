"""Tiny random-weight models of real architectures, and a tokenizer for them, made on the spot."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    DeepseekV3Config,
    Gemma2Config,
    Gemma3TextConfig,
    Gemma4TextConfig,
    GemmaConfig,
    GPT2Config,
    GptOssConfig,
    GraniteConfig,
    GraniteMoeConfig,
    Llama4TextConfig,
    LlamaConfig,
    MistralConfig,
    MixtralConfig,
    Olmo2Config,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2MoeConfig,
    Qwen3_5TextConfig,
    Qwen3Config,
    Qwen3MoeConfig,
)
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CORPUS = [
    "Where can I renew my library card before the weekend?",
    "The radiator in the reading room drips, [again], and nobody came.",
    "Thank you so much, the story hour was lovely!",
    "With Explanation Without Explanation question complaint praise because",
]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with a chat template; reads back whatever it is given."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(CORPUS * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>"
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


_SHAPE = {
    "vocab_size": 430,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "eos_token_id": 0,
    "bos_token_id": None,
}

FAMILIES: dict[str, PretrainedConfig] = {
    "llama": LlamaConfig(**_SHAPE),
    "qwen2": Qwen2Config(**_SHAPE),
    "qwen3": Qwen3Config(**_SHAPE),
    "mistral": MistralConfig(**_SHAPE, sliding_window=None),
    "mistral-sliding": MistralConfig(**_SHAPE, sliding_window=16),
    "gemma": GemmaConfig(**_SHAPE),
    "gemma2": Gemma2Config(**_SHAPE, sliding_window=16),
    "gemma3": Gemma3TextConfig(**_SHAPE, sliding_window=16),
    "olmo2": Olmo2Config(**_SHAPE),
    "granite": GraniteConfig(**_SHAPE, residual_multiplier=0.3),
    "qwen3_5": Qwen3_5TextConfig(
        **_SHAPE,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        layer_types=["linear_attention", "full_attention", "linear_attention"],
    ),
    "gpt2": GPT2Config(
        vocab_size=430,
        n_embd=32,
        n_inner=48,
        n_layer=3,
        n_head=4,
        n_positions=256,
        pad_token_id=0,
        eos_token_id=0,
        bos_token_id=0,
    ),
}

_MLA = {
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
}
MIXTURES: dict[str, PretrainedConfig] = {
    "mixtral": MixtralConfig(**_SHAPE, num_local_experts=5, num_experts_per_tok=2),
    # Its first layer has one FFN
    "qwen3_moe": Qwen3MoeConfig(
        **_SHAPE,
        num_experts=6,
        num_experts_per_tok=3,
        moe_intermediate_size=16,
        mlp_only_layers=[0],
    ),
    # Its shared expert has a gate
    "qwen2_moe": Qwen2MoeConfig(
        **_SHAPE,
        num_experts=6,
        num_experts_per_tok=2,
        moe_intermediate_size=16,
        shared_expert_intermediate_size=24,
    ),
    "gpt_oss": GptOssConfig(
        **_SHAPE, num_local_experts=5, num_experts_per_tok=2, sliding_window=16
    ),
    "deepseek_v3": DeepseekV3Config(
        **_SHAPE | _MLA | {"num_key_value_heads": 4},
        n_routed_experts=8,
        n_group=2,
        topk_group=1,
        num_experts_per_tok=3,
        moe_intermediate_size=16,
        first_k_dense_replace=1,
    ),
    "granitemoe": GraniteMoeConfig(
        **_SHAPE, num_local_experts=5, num_experts_per_tok=2, residual_multiplier=0.3
    ),
    "llama4": Llama4TextConfig(
        **_SHAPE, num_local_experts=4, num_experts_per_tok=1, intermediate_size_mlp=40
    ),
    # Two norms behind its experts, and two behind the FFN beside them
    "gemma4": Gemma4TextConfig(
        **_SHAPE,
        enable_moe_block=True,
        num_experts=4,
        top_k_experts=2,
        moe_intermediate_size=16,
        sliding_window=16,
        num_kv_shared_layers=0,
        hidden_size_per_layer_input=0,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
    ),
}


def save_tiny_model(
    folder: Path,
    family: str = "llama",
    window: int = 256,
    template: str = CHAT_TEMPLATE,
    seed: int = 7,
) -> Path:
    """Write a tiny model and its tokenizer as save_pretrained does, the same each time."""
    torch.manual_seed(seed)
    config = copy.deepcopy((FAMILIES | MIXTURES)[family])
    config.max_position_embeddings = window  # GPT-2's n_positions by another name
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(folder)
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


def save_huge_description(folder: Path) -> Path:
    """Write tokenizer and config.json of a Llama that fits into no memory, and no weights."""
    save_tiny_model(folder)
    (folder / "model.safetensors").unlink()
    file = folder / "config.json"
    huge = {"hidden_size": 1 << 16, "intermediate_size": 1 << 20, "num_hidden_layers": 99}
    said = json.loads(file.read_text()) | huge | {"layer_types": None}
    file.write_text(json.dumps(said))
    return folder


def save_tiny_gguf(
    path: Path,
    leave_out: str = "",
    architecture: str = "llama",
    *,
    with_tokenizer: bool = True,
    **said: str | int,
) -> Path:
    """Write a tiny Llama as a GGUF file, with a rotary base of its own to recognise it by.

    Args:
        path: of the file.
        leave_out: a tensor that is not written.
        architecture: as which it gives itself out.
        with_tokenizer: write its tokens.
        said: further values of the header, with `_` for a point.
    """
    import gguf
    import numpy as np

    tokenizer = tiny_tokenizer()
    vocabulary = tokenizer.get_vocab()
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in said.items():
        add = writer.add_string if isinstance(value, str) else writer.add_uint16
        add(key.replace("_", "."), value)
    writer.add_context_length(256)
    writer.add_embedding_length(32)
    writer.add_block_count(2)
    writer.add_feed_forward_length(48)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(123_456.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    if with_tokenizer:
        writer.add_token_list(tokens)
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_pad_token_id(0)
    writer.add_chat_template(CHAT_TEMPLATE)
    rng = np.random.default_rng(0)
    shapes = {
        "token_embd": (len(tokens), 32),
        "output": (len(tokens), 32),
        "output_norm": (32,),
    }
    for layer in range(2):
        part = f"blk.{layer}."
        shapes |= {
            f"{part}attn_norm": (32,),
            f"{part}attn_q": (32, 32),
            f"{part}attn_k": (16, 32),
            f"{part}attn_v": (16, 32),
            f"{part}attn_output": (32, 32),
            f"{part}ffn_norm": (32,),
            f"{part}ffn_gate": (48, 32),
            f"{part}ffn_up": (48, 32),
            f"{part}ffn_down": (32, 48),
        }
    shapes.pop(leave_out, None)
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", rng.normal(size=shape, scale=0.3).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
