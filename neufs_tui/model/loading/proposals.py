"""What looks like a model's FFNs and is not in the table: refused, and proposed for the self-check.

A proposal is proved as a known family is. It is used only by a user who trusts that proof.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import Architecture, Layout, known_layout
from neufs_tui.model.families.experts import RoutedFfn
from neufs_tui.model.families.layouts import FfnPath, Stack
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.small_copy import small_copy
from neufs_tui.model.loading.unnamed import Unit, find_units, not_among


class UnnamedFfn(ModelError):
    """A model has a part that looks like an FFN and is not known."""

    def __init__(self, message: str, *, hint: str, layout: Layout | None) -> None:
        """Keep what is wrong.

        Args:
            message: what was seen.
            hint: what to do.
            layout: that of the model with the part in it; None if it cannot be read as any FFN is.
        """
        super().__init__(message, hint=hint)
        self.layout = layout


def refuse_unnamed(small: LoadedModel, layers: Sequence[nn.Module], hint: str) -> None:
    """See to it that what looks like an FFN is read as one, and where it was proposed no more.

    Args:
        small: a small copy.
        layers: the model's own layers, to say which it is.
        hint: what to do otherwise.

    Raises:
        UnnamedFfn: something is not read.
        ModelError: something proposed looks like an FFN in some layers only.
    """
    architecture, model = small.architecture, small.model
    units = find_units(model, architecture.layers, architecture.d_model).units
    if unnamed := not_among(units, _read(architecture), model):
        name, stack = unnamed[0].name, _layers_name(model, architecture)
        path = _path_in_layer(name, stack)
        owners = [at for at, layer in enumerate(layers) if path and _leads(layer, path)]
        where = f"layer {owners[0]}" if owners else "the model"
        raise UnnamedFfn(
            f"{where} has a part that looks like an FFN and is not known: {path or name}",
            hint=hint,
            layout=_with(architecture.proposed or known_layout(), unnamed, stack, model),
        )
    if architecture.proposed is not None:
        seen = {model.get_submodule(unit.name) for unit in units}
        for _, ffn in architecture.every_ffn():
            if ffn.output not in seen:
                name = _name(model, ffn.output)
                raise ModelError(f"{name} is an FFN in some layers, not in all", hint=hint)


def propose_layout(model: PreTrainedModel) -> Layout:
    """Where a model that the table does not name seems to have its parts.

    Raises:
        ValueError: it has no such parts, or no small copy of it can be built.
    """
    stack = _longest_list(model)
    small = small_copy(model, [*model.get_submodule(stack).children()])
    d_model = int(small.config.get_text_config().hidden_size)
    found = find_units(small, [*small.get_submodule(stack).children()], d_model)
    if found.final_norm is None:
        raise ValueError("the unembedding takes what no norm put out")
    layout = _with(Layout((Stack(stack, found.final_norm),), (), ()), found.units, stack, small)
    if layout is None:
        raise ValueError("what looks like an FFN in it is not read")
    return layout


def _with(layout: Layout, units: Sequence[Unit], stack: str, model: nn.Module) -> Layout | None:
    """A layout with some units; None if one cannot be read."""
    single, routed = dict.fromkeys(layout.single), dict.fromkeys(layout.routed)
    for unit in units:
        path = _path_in_layer(unit.name, stack)
        if path is None or not _is_readable(unit, model):
            return None
        (routed if unit.experts else single)[FfnPath(path)] = None
    return Layout(layout.stacks, tuple(single), tuple(routed))


def _is_readable(unit: Unit, model: nn.Module) -> bool:
    """Whether it is what `SingleFfn` or `RoutedFfn` reads."""
    module = model.get_submodule(unit.name)
    if not unit.experts:
        return isinstance(module, nn.Linear | Conv1D)
    raises = hasattr(module, "gate_up_proj") or hasattr(module, "up_proj")
    return unit.takes_routes and raises and hasattr(module, "down_proj")


def _read(architecture: Architecture) -> list[nn.Module]:
    """The modules by which FFNs write."""
    every = [ffn for _, ffn in architecture.every_ffn()]
    behind = [ffn.behind for ffn in every if isinstance(ffn, RoutedFfn) and ffn.behind]
    return [*(ffn.output for ffn in every), *behind]


def _longest_list(model: PreTrainedModel) -> str:
    """The name of the list of layers, the largest of all that are as long as it should be."""
    n_layers = int(model.config.get_text_config().num_hidden_layers)
    sizes: dict[str, int] = {
        name: sum(parameter.numel() for parameter in module.parameters())
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == n_layers
    }
    if not sizes:
        raise ValueError(f"it has no list of {n_layers} layers")
    return max(sizes, key=lambda name: sizes[name])


def _layers_name(model: nn.Module, architecture: Architecture) -> str:
    """The name of the list of layers that was found."""
    return _name(model, architecture.layers[0]).rpartition(".")[0]


def _name(model: nn.Module, module: nn.Module) -> str:
    names: dict[nn.Module, str] = {one: name for name, one in model.named_modules()}
    return names[module]


def _path_in_layer(name: str, stack: str) -> str | None:
    """From the layer to a module; None for one that is in none."""
    if not name.startswith(f"{stack}."):
        return None
    _, _, path = name.removeprefix(f"{stack}.").partition(".")
    return path


def _leads(layer: nn.Module, path: str) -> bool:
    return any(name == path for name, _ in layer.named_modules())
