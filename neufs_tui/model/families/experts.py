"""Routed experts of a layer: what they take, hold and write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from neufs_tui.core.model_shape import FfnShape
from neufs_tui.core.settings import HookSite
from neufs_tui.errors import ModelError
from neufs_tui.model.families.ffns import (
    Choose,
    Ffn,
    Note,
    Noted,
    by_token,
    no_activation_function,
)
from neufs_tui.model.weights import applied_weight


@dataclass(frozen=True, slots=True, eq=False)
class RoutedFfn(Ffn):
    """Experts as transformers keeps them: three-dimensional weights behind one module.

    The module is called with hidden states of all tokens (token, d_model), the experts that each
    passes (token, n_routed) and their weights (token, n_routed).
    """

    experts: Any
    """A module with gate and up in one (`gate_up_proj`), or without a gate (`up_proj`)."""
    is_transposed: bool
    """Weights are (expert, inputs, outputs), not (expert, outputs, inputs)."""
    behind: nn.Module | None
    """A linear layer through which all that the experts write goes to d_model."""

    def n_values(self, d_model: int) -> int:
        """Besides, what each expert takes and writes."""
        return self.shape.n_routed * (3 * self.shape.width + 2 * d_model)

    @property
    def output(self) -> nn.Module:
        """The experts."""
        return cast(nn.Module, self.experts)

    @property
    def is_plain(self) -> bool:
        """Whether all weights lie in memory as they are applied: packed ones are not read."""
        return True

    def listen(self, choose: Choose, note: Note, site: HookSite) -> Iterator[RemovableHandle]:
        """Note what the routed experts make of what they take."""
        if site != "down_proj":
            raise no_activation_function()

        def keep(_: nn.Module, args: tuple[Tensor, Tensor, Tensor]) -> None:
            states, experts, weights = (choose(by_token(part.detach())) for part in args)
            states = states[:, None].expand(-1, experts.shape[1], -1)
            note(Noted(self._inner(states, experts), *routes(experts, weights, self.shape)))

        yield self.experts.register_forward_pre_hook(keep)

    def columns(self, expert: int) -> Tensor:
        """The expert's down-projection."""
        with _brought(self.experts):
            weight: Tensor = self.experts.down_proj[expert].detach().float()
        weight = weight.T if self.is_transposed else weight
        if self.behind is None:
            return weight
        return applied_weight(self.behind, len(weight)).to(weight.device) @ weight

    def bias(self, noted: Noted) -> Tensor | None:
        """The experts' biases, times their weights."""
        if not hasattr(self.experts, "down_proj_bias"):
            return None
        assert noted.experts is not None and noted.weights is not None
        with _brought(self.experts):
            biases: Tensor = self.experts.down_proj_bias.detach()[noted.experts]
        return (biases * noted.weights[..., None]).sum(dim=1)

    def written(self, noted: Noted, put_out: Tensor) -> Tensor:
        """What was put out, through what is behind it."""
        if self.behind is None:
            return put_out
        matrix = applied_weight(self.behind, put_out.shape[1])
        return put_out.float() @ matrix.T.to(put_out.device)

    def _inner(self, states: Tensor, experts: Tensor) -> Tensor:
        """What goes into the down-projections.

        Args:
            states: what each expert takes, shape (place, n_routed, d_model).
            experts: which they are, shape (place, n_routed).

        Returns:
            Shape (place, n_routed · width).
        """
        module, pairs = self.experts, experts.clamp(max=self.shape.n_experts - 1).flatten()
        order = pairs.argsort(stable=True)
        ends = torch.bincount(pairs, minlength=self.shape.n_experts).cumsum(0)
        with _brought(module):
            name = "gate_up_proj" if hasattr(module, "gate_up_proj") else "up_proj"
            weights, bias = getattr(module, name), getattr(module, f"{name}_bias", None)
            weights = weights if self.is_transposed else weights.transpose(1, 2)
            raised = _by_expert(states.flatten(0, 1)[order].to(weights.dtype), weights, ends)
            if bias is not None:
                raised += bias[pairs[order]]
        if name == "up_proj":
            inner = module.act_fn(raised)
        elif hasattr(module, "_apply_gate"):
            inner = module._apply_gate(raised)
        else:
            gate, up = raised.chunk(2, dim=-1)
            inner = module.act_fn(gate) * up
        in_order = torch.empty_like(inner).index_copy_(0, order, inner)
        return in_order.view(len(experts), self.shape.n_active)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledInputFfn(RoutedFfn):
    """Routed experts that take hidden states times their weights, as Llama 4's do.

    The module is called with what each of all experts takes, (expert · token, d_model), in which
    the router's weight of an expert that it did not pick is 0.
    """

    router: nn.Module
    """Puts out the weights, (token, expert), first."""

    def n_values(self, d_model: int) -> int:
        """All experts compute for every token."""
        return self.shape.n_experts * (3 * self.shape.width + 2 * d_model)

    def put_out(self, out: Tensor) -> Tensor:
        """The sum of what all experts put out."""
        return out.view(self.shape.n_experts, -1, out.shape[-1]).sum(dim=0)

    def listen(self, choose: Choose, note: Note, site: HookSite) -> Iterator[RemovableHandle]:
        """Note what the routed experts make of what they take."""
        if site != "down_proj":
            raise no_activation_function()
        picked: list[Tensor] = []

        def keep_picked(_: nn.Module, args: object, out: tuple[Tensor, ...]) -> None:
            scores = choose(by_token(out[0].detach()))
            picked[:] = [scores.topk(self.shape.n_routed, dim=1).indices]

        def keep(_: nn.Module, args: tuple[Tensor]) -> None:
            (experts,) = picked
            by_expert = args[0].detach().view(self.shape.n_experts, -1, args[0].shape[-1])
            states = choose(by_expert.transpose(0, 1)).take_along_dim(experts[..., None], dim=1)
            note(Noted(self._inner(states, experts), None, experts))

        yield self.router.register_forward_hook(keep_picked)
        yield self.experts.register_forward_pre_hook(keep)


def routes(experts: Tensor, weights: Tensor, shape: FfnShape) -> tuple[Tensor, Tensor]:
    """The weights of the experts that a token is routed to, and which they are.

    Args:
        experts: as the router picks them; behind the last are none, for tokens that skip.
        weights: what multiplies what they write, same shape (place, n_routed).
        shape: of the experts.

    Returns:
        Weights and experts, each as given; an expert picked twice has the sum of both weights
        once and 0 then, as its neurons are one set.
    """
    if experts.shape[1] != shape.n_routed:
        raise ModelError(
            f"each token passes {experts.shape[1]} experts, not {shape.n_routed}",
            hint="report the model's family with the version of transformers",
        )
    weights = weights * (experts < shape.n_experts)
    experts = experts.clamp(max=shape.n_experts - 1)
    same = experts[:, :, None] == experts[:, None, :]
    is_first = ~same.tril(diagonal=-1).any(dim=2)
    return (same * weights[:, None, :]).sum(dim=2) * is_first, experts


def _by_expert(states: Tensor, weights: Tensor, ends: Tensor) -> Tensor:
    """Each state times its expert's matrix.

    Args:
        states: expert after expert, shape (pair, n_inputs).
        weights: shape (expert, n_inputs, n_outputs).
        ends: behind which pair each expert's end, shape (expert,).

    Returns:
        Shape (pair, n_outputs).
    """
    if states.is_cuda and torch.cuda.get_device_capability(states.device) >= (8, 0):
        return nn.functional.grouped_mm(states, weights, offs=ends.int())
    out = states.new_empty(len(states), weights.shape[2])
    start = 0
    for expert, end in enumerate(ends.tolist()):
        if end > start:
            torch.mm(states[start:end], weights[expert], out=out[start:end])
        start = end
    return out


@contextmanager
def _brought(module: nn.Module) -> Iterator[None]:
    """Bring a module's own weights to where it computes, if accelerate keeps them elsewhere."""
    hook = getattr(module, "_hf_hook", None)
    if hook is None:
        yield
        return
    hook.pre_forward(module)
    try:
        yield
    finally:
        hook.post_forward(module, None)
