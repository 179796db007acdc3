"""The ways in which a model's prompts and candidates may be read, and what bounds them.

All of them give what a plain pass over each beginning gives; which of them a model's code allows
is found from its configuration here and proved by `self_check.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from transformers import DynamicCache, PretrainedConfig
from transformers.cache_utils import DummyLayer, DynamicLayer, DynamicSlidingWindowLayer

Way = Literal["tree", "expanded", "plain"]
"""Candidates as branches behind prompts side by side; behind copies of their prompt's cache; or
every beginning by a pass of its own."""

_STATELESS = (DynamicLayer, DynamicSlidingWindowLayer, DummyLayer)
"""Caches that hold what was read token by token; any other runs through all tokens as a state."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How one model may be read."""

    tree: bool
    """Texts may stand side by side in a sequence, and candidates branch behind them: no layer
    carries a state, and attention takes a mask of any shape."""
    alone: bool
    """Behind copies, texts are read one by one: what fills up the shorter ones would run through a
    state, or a longer text change the frequencies of all."""
    window: int | None = None
    """Positions that some layers see at most; what is longer is not read as a tree."""
    rope_switch: int | None = None
    """A longer sequence is read with other rotary frequencies, its beginning too (LongRoPE)."""

    def way(self, length: int, n_behind: int) -> Way:
        """How to read a prompt.

        Args:
            length: its tokens.
            n_behind: tokens read behind it at most.
        """
        end = length + n_behind
        if self.rope_switch is not None and length <= self.rope_switch < end:
            return "plain"
        bounds = [bound for bound in (self.window, self.rope_switch) if bound is not None]
        return "tree" if self.tree and all(end <= bound for bound in bounds) else "expanded"

    def __str__(self) -> str:
        """A phrase for the log and the scan's heading."""
        if self.tree:
            beyond = f", beyond {self.window:,} tokens behind copies" if self.window else ""
            return f"answers read as a tree{beyond}"
        return "answers read behind copies of their prompt" + (
            ", one text at a time" if self.alone else ""
        )


def find_ways(config: PretrainedConfig, context_window: int) -> Ways:
    """The ways that a configuration allows.

    Args:
        config: of the loaded model, with the attention it runs.
        context_window: positions the model was made for.
    """
    text = config.get_text_config(decoder=True)
    rope_switch = _rope_switch(text)
    stateless = all(type(layer) in _STATELESS for layer in DynamicCache(config=config).layers)
    return Ways(
        tree=stateless and config._attn_implementation in {"sdpa", "eager"},
        alone=not stateless or rope_switch is not None,
        window=_window(text, context_window),
        rope_switch=rope_switch,
    )


def window_fields(fields: dict[str, Any]) -> list[str]:
    """Names of the fields that say how far some layers see, by window or by chunk."""
    return [
        name
        for name, value in fields.items()
        if ("window" in name or "chunk" in name)
        and isinstance(value, int)
        and not isinstance(value, bool)
        and name not in {"max_window_layers", "chunk_size_feed_forward"}
        and not name.endswith("_pattern")
    ]


def _window(config: PretrainedConfig, context_window: int) -> int | None:
    """The narrowest window or chunk below the context window."""
    fields = config.to_dict()
    if fields.get("use_sliding_window") is False:
        fields.pop("sliding_window", None)
    if not any("sliding" in kind for kind in fields.get("layer_types") or ["sliding"]):
        fields.pop("sliding_window", None)
    sizes = [fields[name] for name in window_fields(fields)]
    return min((size for size in sizes if 0 < size < context_window), default=None)


def _rope_switch(config: PretrainedConfig) -> int | None:
    """Where LongRoPE changes its frequencies, the earliest place if kinds of layers differ."""
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [kind for kind in (rope, *rope.values()) if isinstance(kind, dict)]
    switches = [
        int(kind["original_max_position_embeddings"])
        for kind in kinds
        if kind.get("rope_type") == "longrope"
    ]
    return min(switches, default=None)
