"""Families that are refused, and why: each completes "FAMILY models are not read: …".

A family whose FFNs nothing names is refused without it; this table only says what is known.
"""

from __future__ import annotations

from collections.abc import Iterable

_REASONS = {
    "they are encoders, which see what follows a place too unless set otherwise": (
        *("bert", "bert-generation", "big_bird", "camembert", "data2vec-text", "electra", "ernie"),
        *("megatron-bert", "rembert", "roberta", "roberta-prelayernorm", "roc_bert", "roformer"),
        *("xlm", "xlm-roberta", "xlm-roberta-xl", "xlnet", "xmod"),
    ),
    "they are decoders of models with an encoder": ("trocr",),
    "they have no FFN": ("falcon_mamba", "mamba", "mamba2"),
    "their layers norm the residual stream itself behind each FFN, so no FFN has a part of its own "
    "in it": ("git", "minimax", "openai-gpt"),
    "their layers weigh the residual stream anew each time an FFN joins it": ("beam", "zaya"),
    "they have several residual streams, which each layer mixes": (
        *("deepseek_v4", "hy_v4", "qwen4_exp", "qwen4_exp_text", "reformer"),
    ),
    "a convolution mixes what an FFN writes at several positions before it joins the residual "
    "stream": ("inkling2_text", "inkling_text"),
    "their FFNs write to the next layer's mixer, not to the residual stream": ("zamba", "zamba2"),
    "they run through the same layers several times": ("hrm_text",),
    "some of their experts have no neurons, but write what they take": ("longcat_flash",),
    "they keep their experts' weights in a form of their own": ("dbrx", "jetmoe"),
    "they put tokens of their own in front of each text": ("cpmant",),
    "they read bytes in patches, not tokens": ("blt",),
    "they keep their state in a cache of their own": ("rwkv", "xlstm"),
    "their state is not carried from one pass of several tokens to the next": (
        *("jamba", "recurrent_gemma"),
    ),
    "some of their layers are run only with an image": ("mllama", "mllama_text_model"),
    "they draft for another model, whose cache they read": (
        *("gemma4_assistant", "gemma4_unified_assistant"),
    ),
}


def reason(families: Iterable[str]) -> str | None:
    """Why models of one of some families are not read; None if nothing is known against them."""
    named = set(families)
    return next((why for why, refused in _REASONS.items() if named & set(refused)), None)
