"""Adapters: put on a model by peft, proved to have their whole effect, and merged into its weights.

An adapter of another base may fit in part, or nowhere, without an error; and one that was never
trained adds nothing.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from neufs_tui.errors import ModelError, UsageError, first_line
from neufs_tui.model.loading.adapter_files import adapter_weights
from neufs_tui.model.loading.failures import is_out_of_memory, told_of
from neufs_tui.model.loading.intact import counted, embedding_rows, refuse_broken_numbers
from neufs_tui.model.loading.listener import LoadListener
from neufs_tui.model.loading.sources import Source, fetch_weights

if TYPE_CHECKING:
    from peft import PeftModel

logger = logging.getLogger(__name__)

_PREFIX = "base_model.model."
"""What peft puts in front of the names of a model's modules."""
_NAME = "default"
"""Of the one adapter; peft puts it into the names of weights."""
_OTHER_SHAPE = re.compile(r"size mismatch for (\S+): .*?\[([\d, ]*)\].*?\[([\d, ]*)\]")
_N_TOKENS = 16
"""Tokens by which an adapter is told from none where it is not merged."""


def make_ready(adapter: Source) -> None:
    """See to it that an adapter's weights are here and whole, and peft is here to put them on.

    Raises:
        UsageError: peft is not installed.
        ModelError: the weights are not to be had, or damaged.
    """
    try:
        import peft  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the adapter {adapter.name} needs peft: {first_line(error)}",
            hint="pip install 'neufs-tui[adapters]'",
        ) from error
    fetch_weights(adapter)
    adapter_weights(adapter.name, adapter.folder)


def with_adapter(
    model: PreTrainedModel, adapter: Source, base: str, listener: LoadListener
) -> PreTrainedModel:
    """Put an adapter on a model.

    Args:
        model: the model, as it was loaded; it is changed.
        adapter: what is put on it, which is ready.
        base: the model's name.
        listener: hears the stage.

    Returns:
        The model with the adapter merged into its weights, in their precision; around weights that
        are quantised it stays as it is, and is applied beside them.

    Raises:
        ModelError: it does not fit, in whole or in part, or changes nothing.
    """
    listener.stage("weights", f"putting the adapter {adapter.name} on {base}")
    with told_of("putting on the adapter", adapter.name), _warnings_logged():
        _refuse_offloaded(model, adapter.name)
        _resize(model, adapter, base)
        before = {} if is_quantised(model) else _bits(model)
        put_on = _put_on(model, adapter, base)
        if is_quantised(model):
            is_changed, how = _is_felt(put_on), "beside quantised weights"
            changed = cast(PreTrainedModel, put_on.get_base_model())
        else:
            changed = _merged(put_on, adapter.name)
            is_changed = _bits(changed) != before
            how = f"merged in {str(changed.dtype).removeprefix('torch.')}"
        if not is_changed:
            raise ModelError(
                f"the adapter {adapter.name} changes nothing of {base}",
                hint=f"train it first, or name {base} alone",
            )
        refuse_broken_numbers(adapter.name, changed)
    logger.info("adapter %s on base %s, %s", adapter.name, base, how)
    return changed


def is_quantised(model: PreTrainedModel) -> bool:
    """Whether weights are quantised: what is merged into those is rounded away in part."""
    return getattr(model.config, "quantization_config", None) is not None


def _put_on(model: PreTrainedModel, adapter: Source, base: str) -> PeftModel:
    """The model with the adapter around its modules, once each of its weights has its place."""
    from peft import PeftConfig, PeftModel
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    folder = str(adapter.folder)
    trained_on = f"name the base that it was trained on: --model BASE --adapter {adapter.name}"
    kind = PeftConfig.from_json_file(f"{folder}/adapter_config.json")["peft_type"]
    if kind not in PEFT_TYPE_TO_CONFIG_MAPPING:
        raise ModelError(
            f"the adapter {adapter.name} is of the kind {kind}, which the peft here does not know",
            hint="upgrade peft",
        )
    config = PeftConfig.from_pretrained(folder)
    config.inference_mode = True
    # peft would spread the model anew by this, over devices that were not asked for
    spread = model.__dict__.pop("hf_device_map", None)
    try:
        put_on = PeftModel(model, config)
        result = put_on.load_adapter(
            folder,
            _NAME,
            torch_device="cpu",
            key_mapping=getattr(model, "_checkpoint_conversion_mapping", {}),
        )
    except (ValueError, KeyError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        if not (shapes := _OTHER_SHAPE.findall(str(error))):
            raise ModelError(
                f"the adapter {adapter.name} does not fit on {base}: {first_line(error)}",
                hint=trained_on,
            ) from error
        _, there, here = shapes[0]
        raise ModelError(
            f"the adapter {adapter.name} has {counted(_plain(one[0] for one in shapes), 'weight')} "
            f"of another shape than {base} takes: ({there}), not ({here})",
            hint=trained_on,
        ) from error
    finally:
        if spread is not None:
            model.hf_device_map = spread
    if unused := _plain(result.unexpected_keys):
        raise ModelError(
            f"the adapter {adapter.name} has {counted(unused, 'weight')} without a place in {base}",
            hint=trained_on,
        )
    if missing := _plain(result.missing_keys):
        raise ModelError(
            f"the adapter {adapter.name} lacks {counted(missing, 'weight')}, for which {base} has "
            "a place",
            hint=trained_on,
        )
    put_on.eval()
    return put_on


def _plain(keys: Iterable[str]) -> list[str]:
    """Names of weights as the model's own begin."""
    return sorted(key.removeprefix(_PREFIX).replace(f".{_NAME}", "") for key in keys)


def _merged(put_on: PeftModel, name: str) -> PreTrainedModel:
    _untie(cast(PreTrainedModel, put_on.get_base_model()))
    try:
        return cast(PreTrainedModel, put_on.merge_and_unload())
    except (NotImplementedError, AttributeError, ValueError) as error:
        raise ModelError(
            f"peft does not merge the adapter {name} into weights: {first_line(error)}",
            hint="use an adapter that it can merge, such as LoRA",
        ) from error


def _untie(model: PreTrainedModel) -> None:
    """Give the unembedding a weight of its own where only one end of the model is adapted.

    What is merged into a weight that both ends share would change both.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    ends: list[Any] = [
        model.get_input_embeddings(),
        model.get_output_embeddings(),  # type: ignore[no-untyped-call]
    ]
    first, last = (one.get_base_layer() if isinstance(one, BaseTunerLayer) else one for one in ends)
    is_adapted = any(isinstance(one, BaseTunerLayer) for one in ends)
    if is_adapted and getattr(last, "weight", None) is first.weight:
        last.weight = nn.Parameter(last.weight.detach().clone(), requires_grad=False)


def _resize(model: PreTrainedModel, adapter: Source, base: str) -> None:
    """Give the embedding as many rows as the one that an adapter brings, for tokens it was taught.

    Raises:
        ModelError: the adapter does not bring all rows of a token.
    """
    ends = {
        "embedding": model.get_input_embeddings(),
        "unembedding": model.get_output_embeddings(),  # type: ignore[no-untyped-call]
    }
    names = {module: name for name, module in model.named_modules(remove_duplicate=False)}
    shapes = _shapes(adapter)
    n_rows = embedding_rows(model)
    brought = {}
    for end, module in ends.items():
        for part in ("weight", "base_layer.weight"):
            if (key := f"{_PREFIX}{names.get(module)}.{part}") in shapes:
                brought[end] = shapes[key][0]
    if not (others := {*brought.values()} - {n_rows}):
        return
    is_tied = len({id(module.weight) for module in ends.values()}) == 1
    if len({*brought.values()}) > 1 or (len(brought) < len(ends) and not is_tied):
        told = " and ".join(f"{rows:,} rows of the {end}" for end, rows in brought.items())
        raise ModelError(
            f"the adapter {adapter.name} brings {told} for a model with {n_rows:,}, and not those "
            "of the other",
            hint=f"save both with it (modules_to_save), or merge it where {base} was resized",
        )
    model.resize_token_embeddings(others.pop(), mean_resizing=False)


def _shapes(adapter: Source) -> Mapping[str, torch.Size]:
    from peft import load_peft_weights

    tensors: Mapping[str, Tensor] = load_peft_weights(str(adapter.folder), device="cpu")
    return {key: tensor.shape for key, tensor in tensors.items()}


def _refuse_offloaded(model: PreTrainedModel, name: str) -> None:
    if any(weight.is_meta for weight in model.parameters()):
        raise ModelError(
            f"the adapter {name} cannot be put on a model of which a part lies outside its devices",
            hint="merge it with peft's merge_and_unload, save that, and name its folder",
        )


def _bits(model: nn.Module) -> dict[str, int]:
    """A number for each weight that is another one once any of its values is."""
    whole = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return {
        name: int(weight.detach().flatten().view(whole[weight.element_size()]).sum())
        for name, weight in model.named_parameters(remove_duplicate=False)
    }


@torch.inference_mode()
def _is_felt(put_on: PeftModel) -> bool:
    """Whether an adapter that is not merged changes what the model says."""
    model = cast(PreTrainedModel, put_on.get_base_model())
    ids = torch.linspace(0, embedding_rows(model) - 1, _N_TOKENS, device=model.device).long()
    said = model(input_ids=ids[None], use_cache=False).logits
    with put_on.disable_adapter():
        alone = model(input_ids=ids[None], use_cache=False).logits
    return not torch.equal(said, alone)


@contextmanager
def _warnings_logged() -> Iterator[None]:
    """What peft warns of, in the log instead of in the terminal."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for one in caught:
                if issubclass(one.category, UserWarning):  # others are for its own authors
                    logger.warning("while an adapter was put on: %s", one.message)
