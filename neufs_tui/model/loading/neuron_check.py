"""Does a single neuron write what is read of it? Asked of each FFN of a small copy.

It needs one more pass for each FFN, so families are put through it, not each model that is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers.pytorch_utils import Conv1D

from neufs_tui.model.families.experts import RoutedFfn
from neufs_tui.model.families.ffns import Ffn, Noted
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import ARRIVAL_BOUND, Differs, watched


def check_neurons(small: LoadedModel) -> None:
    """Prove on single neurons that each writes its activation times its column.

    Of each FFN, the neuron that does most at one token is taken out of the weights; what the FFN
    writes then lacks just that, at every token.

    Args:
        small: a small copy, in float32.

    Raises:
        Differs: it lacks something else.
    """
    architecture = small.architecture
    before = _written(small)
    for layer, ffns in enumerate(architecture.ffns):
        for number, ffn in enumerate(ffns):
            noted, wrote = before[layer, number]
            width, n_experts = ffn.shape.width, ffn.shape.n_experts
            by_expert = noted.activations.view(len(wrote), -1, width)
            experts = noted.experts
            if experts is None:
                experts = torch.zeros(by_expert.shape[:2], dtype=torch.long)
            place = (layer + number) % len(wrote)
            slot, index = divmod(int(by_expert[place].abs().argmax()), width)
            expert = int(experts[place, slot]) % n_experts
            amounts = (by_expert[..., index] * (experts == expert)).sum(dim=1)
            expected = amounts[:, None] * ffn.columns(expert)[:, index]
            with _taken_out(ffn, expert, index):
                _, wrote_without = _written(small)[layer, number]
            off = float((wrote - wrote_without - expected).abs().max() / wrote.abs().max())
            if not off <= ARRIVAL_BOUND:
                raise Differs(f"a neuron of layer {layer} writes something else (off by {off:.2g})")


@torch.inference_mode()
def _written(small: LoadedModel) -> dict[tuple[int, int], tuple[Noted, Tensor]]:
    """What each FFN noted and put out in a pass, before any norm."""
    ids = torch.arange(10, 22)[None]
    with watched(small.architecture, torch.arange(ids.shape[1])) as seen:
        small.model(input_ids=ids, use_cache=False)
    noted = seen.recorder.noted
    return {
        at: (noted[at], small.architecture.ffns[at[0]][at[1]].written(noted[at], put_out))
        for at, put_out in seen.put_out.items()
    }


@contextmanager
def _taken_out(ffn: Ffn, expert: int, index: int) -> Iterator[None]:
    """One neuron's column 0 in the weights themselves."""
    if isinstance(ffn, RoutedFfn):
        weight, is_transposed = ffn.experts.down_proj.data[expert], ffn.is_transposed
    else:
        weight, is_transposed = ffn.output.weight.data, isinstance(ffn.output, Conv1D)
    column = weight[index] if is_transposed else weight[:, index]
    kept = column.clone()
    column.zero_()
    try:
        yield
    finally:
        column.copy_(kept)
