"""One forward pass over a batch of prompts with all candidate answers behind each.

What all prompts begin with is read once, the rest of each prompt once, with the candidates as
branches of a tree behind it. Where a model's
attention cannot take the tree's mask, each candidate is read behind its own copy of the prompt;
the two agree to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from neufs_tui.core.settings import CaptureSettings, HookSite
from neufs_tui.model.answers import AnswerTree
from neufs_tui.model.architecture import Architecture
from neufs_tui.model.loading import LoadedModel
from neufs_tui.model.prefix import MIN_LENGTH, PromptPrefix


@dataclass(frozen=True, slots=True)
class Reading:
    """What one forward pass leaves behind."""

    scores: Tensor
    """Mean log-probability of each candidate, float32, shape (row, candidate)."""
    activations: list[Tensor]
    """Per layer, shape (sequence, slot, d_mlp)."""
    rows: Tensor
    """The sequence a candidate was read in, shape (row, 1 or candidate, 1)."""
    slots: Tensor
    """The slot that predicts each of its tokens, shape (1, candidate, position)."""


@contextmanager
def record_activations(
    architecture: Architecture, site: HookSite, n_positions: int
) -> Iterator[dict[int, Tensor]]:
    """Record every layer's FFN activations at the last positions of a forward pass.

    Yields:
        Layer → activations, shape (row, n_positions, d_mlp), on the model's device.
    """
    seen: dict[int, Tensor] = {}
    with ExitStack() as stack:
        for layer, module in enumerate(architecture.hooked(site)):

            def keep_input(_: nn.Module, args: tuple[Tensor, ...], layer: int = layer) -> None:
                seen[layer] = args[0][:, -n_positions:].detach().clone()

            def keep_output(
                _: nn.Module, args: tuple[Tensor, ...], out: Tensor, layer: int = layer
            ) -> None:
                seen[layer] = out[:, -n_positions:].detach().clone()

            handle = (
                module.register_forward_pre_hook(keep_input)
                if site == "down_proj"
                else module.register_forward_hook(keep_output)
            )
            stack.callback(handle.remove)
        yield seen


class Reader:
    """Reads prompts of one task with one model."""

    def __init__(
        self,
        loaded: LoadedModel,
        answers: AnswerTree,
        settings: CaptureSettings,
        *,
        tree: bool | None,
    ) -> None:
        """Bind what is the same for every batch.

        Args:
            loaded: the model.
            answers: the candidates.
            settings: where activations are read, and which tokens are hidden.
            tree: read candidates as branches of one sequence; None decides by the model.
        """
        self._loaded = loaded
        self._answers = answers
        self._settings = settings
        self._tree = tree
        self._prefix: PromptPrefix | None = None

    def share(self, ids: Sequence[int]) -> None:
        """Read the beginning of all prompts once; prompts that begin otherwise are read whole."""
        window = self._loaded.sliding_window
        if len(ids) >= MIN_LENGTH and self._tree is not False and window is None:
            hide = self._settings.mask_pad_tokens
            self._prefix = PromptPrefix(self._loaded, ids, mask_pad_tokens=hide)

    def read(self, prompts: Sequence[tuple[int, ...]]) -> Reading:
        """One forward pass over a batch of prompts and all candidates."""
        longest = max(len(ids) for ids in prompts)
        tree = self._tree
        if tree is None:
            window = self._loaded.sliding_window
            tree = window is None or longest + len(self._answers.tokens) <= window
        if not tree:
            return self._read_copies(prompts, longest)
        prefix = self._prefix
        if prefix is None or not prefix.begins(prompts):
            return self._read_tree(prompts, None)
        return self._read_tree([ids[len(prefix) :] for ids in prompts], prefix)

    def _read_tree(
        self, prompts: Sequence[tuple[int, ...]], prefix: PromptPrefix | None
    ) -> Reading:
        """Read prompts, or what of them follows the prefix, with the tree behind each."""
        answers = self._answers
        before = len(prefix) if prefix else 0
        longest = max(len(ids) for ids in prompts)
        width = longest + len(answers.tokens)
        ids = torch.full((len(prompts), width), self._loaded.pad_id)
        positions = torch.zeros(len(prompts), width, dtype=torch.long)
        allowed = torch.zeros(len(prompts), width, width, dtype=torch.bool)
        causal = torch.ones(longest, longest, dtype=torch.bool).tril()
        depths = torch.tensor(answers.depths, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            start = longest - len(prompt)
            ids[row, start:longest] = torch.tensor(prompt)
            ids[row, longest:] = torch.tensor(answers.tokens, dtype=torch.long)
            positions[row, start:longest] = before + torch.arange(len(prompt))
            positions[row, longest:] = before + len(prompt) - 1 + depths
            allowed[row, start:longest, start:longest] = causal[start:, start:]
            allowed[row, longest:, start:longest] = True
            allowed[row, longest:, longest:] = answers.visible
        if self._settings.mask_pad_tokens:
            allowed &= (ids != self._loaded.pad_id)[:, None, :]
        if prefix is not None:
            seen = prefix.visible.expand(len(prompts), width, before)
            allowed = torch.cat([seen, allowed], dim=2)  # (row, query, before + width)
        # A query that may see nothing (padding) sees itself: softmax over nothing is not a number
        itself = torch.eye(width, dtype=torch.bool)
        allowed[:, :, before:] |= itself & ~allowed.any(dim=2, keepdim=True)
        bias = torch.zeros(allowed.shape, dtype=self._loaded.model.dtype)
        bias.masked_fill_(~allowed, torch.finfo(bias.dtype).min)
        slots = torch.tensor(padded(answers.slots))  # (candidate, position)
        return self._forward(
            ids,
            positions,
            bias[:, None],
            n_positions=answers.n_slots,
            rows=torch.arange(len(prompts))[:, None, None],
            slots=slots[None],
            cache=prefix.cache(len(prompts)) if prefix else None,
        )

    def _read_copies(self, prompts: Sequence[tuple[int, ...]], longest: int) -> Reading:
        candidates = self._answers.candidates
        n_positions = max(len(candidate) for candidate in candidates)
        width = longest + n_positions - 1
        copies = [prompt + candidate[:-1] for prompt in prompts for candidate in candidates]
        ids = torch.full((len(copies), width), self._loaded.pad_id)
        mask = torch.zeros(len(copies), width, dtype=torch.long)
        for row, copy in enumerate(copies):
            ids[row, width - len(copy) :] = torch.tensor(copy)
            mask[row, width - len(copy) :] = 1
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        if self._settings.mask_pad_tokens:
            mask = (ids != self._loaded.pad_id).long()
        # A copy ends where its row ends, so a candidate of m tokens is predicted from the last m
        slots = padded([range(n_positions - len(c), n_positions) for c in candidates])
        rows = torch.arange(len(copies)).view(len(prompts), len(candidates), 1)
        return self._forward(
            ids,
            positions,
            mask,
            n_positions=n_positions,
            rows=rows,
            slots=torch.tensor(slots)[None],
        )

    def _forward(
        self,
        ids: Tensor,
        positions: Tensor,
        mask: Tensor,
        *,
        n_positions: int,
        rows: Tensor,
        slots: Tensor,
        cache: DynamicCache | None = None,
    ) -> Reading:
        architecture, device = self._loaded.architecture, self._loaded.model.device
        with record_activations(architecture, self._settings.hook_site, n_positions) as seen:
            output = self._loaded.model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                position_ids=positions.to(device),
                past_key_values=cache,
                use_cache=cache is not None,
                logits_to_keep=n_positions,
            )
        home = architecture.unembedding.device
        rows, slots = rows.to(home), slots.to(home)
        return Reading(
            scores=self._mean_log_probabilities(output.logits.to(home), rows, slots),
            activations=[seen[layer].to(home) for layer in range(architecture.n_layers)],
            rows=rows,
            slots=slots,
        )

    def _mean_log_probabilities(self, logits: Tensor, rows: Tensor, slots: Tensor) -> Tensor:
        """Score the candidates; the logits have shape (sequence, slot, vocabulary)."""
        candidates, device = self._answers.candidates, logits.device
        tokens = torch.tensor(padded(candidates), device=device)  # (candidate, position)
        lengths = torch.tensor([len(candidate) for candidate in candidates], device=device)
        total = torch.stack([sequence.float().logsumexp(dim=1) for sequence in logits])
        log_probabilities = logits[rows, slots, tokens].float() - total[rows, slots]
        real = torch.arange(tokens.shape[1], device=device) < lengths[:, None]
        return (log_probabilities * real).sum(dim=2) / lengths  # (row, candidate)


def padded(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Rows of equal length, filled up with 0; whoever reads them masks the filling."""
    longest = max(len(row) for row in rows)
    return [[*row, *[0] * (longest - len(row))] for row in rows]
