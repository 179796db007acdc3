"""The FFNs of a layer, one module for each kind: what they take, hold and write.

Hugging Face's names are translated here and in `layouts.py`: `width` is an FFN's, `d_model` the
residual stream's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from neufs_tui.core.model_shape import FfnShape
from neufs_tui.core.settings import HookSite
from neufs_tui.errors import ModelError
from neufs_tui.model.families.arrival import Arrival
from neufs_tui.model.weights import applied_weight, is_plain

Choose = Callable[[Tensor], Tensor]
"""Of values of all the places of a pass, (all places, …), those at the places that are recorded."""


@dataclass(slots=True)
class Noted:
    """What one FFN did at the places that are recorded; complete once the pass is over."""

    inner: Tensor
    """What goes into its down-projection, expert after expert, shape (place, n_active)."""
    weights: Tensor | None = None
    """What multiplies what each expert writes, shape (place, n_routed); None for 1."""
    experts: Tensor | None = None
    """Which experts they are, shape (place, n_routed); None where there is one."""

    @property
    def activations(self) -> Tensor:
        """The activations, times the weights, shape (place, n_active)."""
        if self.weights is None:
            return self.inner
        places, n_routed = self.weights.shape
        by_expert = self.inner.view(places, n_routed, self.inner.shape[1] // n_routed)
        return (by_expert * self.weights[..., None]).flatten(1)


Note = Callable[[Noted], None]


@dataclass(frozen=True, slots=True, eq=False)
class Ffn(ABC):
    """An FFN of a layer, or all its routed experts."""

    shape: FfnShape
    arrival: Arrival

    @property
    @abstractmethod
    def output(self) -> nn.Module:
        """The module that puts out what the FFN writes, a gate aside."""

    @property
    @abstractmethod
    def is_plain(self) -> bool:
        """Whether its weights lie in memory as they are applied."""

    @abstractmethod
    def listen(self, choose: Choose, note: Note, site: HookSite) -> Iterator[RemovableHandle]:
        """Put in the hooks that note what it does at the chosen places of each pass."""

    @abstractmethod
    def columns(self, expert: int) -> Tensor:
        """What each neuron of an expert writes at an activation of 1.

        Returns:
            Float32, shape (d_model, width), where the FFN computes.
        """

    def n_values(self, d_model: int) -> int:
        """Numbers that a pass holds for each token while it computes this FFN, about."""
        # Gate, up and their product
        return 3 * self.shape.n_active

    def put_out(self, out: Tensor) -> Tensor:
        """What `output` puts out in a pass, one token after the other, shape (token, n)."""
        return by_token(out)

    @abstractmethod
    def bias(self, noted: Noted) -> Tensor | None:
        """What `output` puts out besides its neurons' part, shape (place, n); None for nothing."""

    @abstractmethod
    def written(self, noted: Noted, put_out: Tensor) -> Tensor:
        """What its neurons wrote.

        Args:
            noted: what was noted at some places.
            put_out: what `output` put out there, its bias taken off.

        Returns:
            Shape (place, d_model).
        """


@dataclass(frozen=True, slots=True, eq=False)
class SingleFfn(Ffn):
    """One that every token passes."""

    down_projection: nn.Module
    activation: nn.Module | None
    """Its activation function, where it is a module."""
    gate: nn.Module | None
    """A linear layer to one number, whose sigmoid multiplies all that the FFN writes."""

    @property
    def output(self) -> nn.Module:
        """The down-projection."""
        return self.down_projection

    @property
    def is_plain(self) -> bool:
        """Whether the down-projection's weight lies in memory as it is applied."""
        return is_plain(self.down_projection)

    def listen(self, choose: Choose, note: Note, site: HookSite) -> Iterator[RemovableHandle]:
        """Note the down-projection's input, or what the activation function puts out."""
        last: list[Noted] = []

        def keep(values: Tensor) -> None:
            last[:] = [Noted(choose(by_token(values.detach())))]
            note(last[0])

        def keep_gate(_: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
            last[0].weights = choose(by_token(out.detach())).sigmoid()

        if site == "down_proj":
            yield self.down_projection.register_forward_pre_hook(lambda _, args: keep(args[0]))
        elif self.activation is not None:
            yield self.activation.register_forward_hook(lambda _, args, out: keep(out))
        else:
            raise no_activation_function()
        if self.gate is not None:
            yield self.gate.register_forward_hook(keep_gate)

    def columns(self, expert: int) -> Tensor:
        """The down-projection's matrix."""
        return applied_weight(self.down_projection, self.shape.width)

    def bias(self, noted: Noted) -> Tensor | None:
        """The down-projection's bias."""
        bias: Tensor | None = getattr(self.down_projection, "bias", None)
        return None if bias is None else bias.detach().expand(len(noted.inner), -1)

    def written(self, noted: Noted, put_out: Tensor) -> Tensor:
        """What was put out, times the gate."""
        return put_out if noted.weights is None else put_out * noted.weights


def by_token(values: Tensor) -> Tensor:
    """Values of sequences and positions, one token after the other."""
    return values.flatten(0, -2)


def no_activation_function() -> ModelError:
    """The activation site of the reference does not exist."""
    return ModelError(
        "this model's FFNs have no activation function of their own to read at",
        hint="leave out --reference",
    )
