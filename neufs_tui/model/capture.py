"""Forward passes → candidate scores, answers and neuron sets.

Each prompt is read once, with the candidates as branches of a tree behind it. Where a model's
attention cannot take the tree's mask, each candidate is read behind its own copy of the prompt;
the two agree to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neufs_tui.core.neurons import Capture
from neufs_tui.core.settings import CaptureSettings, HookSite
from neufs_tui.model.answers import build_answer_tree
from neufs_tui.model.architecture import Architecture
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.loading import LoadedModel


@dataclass(frozen=True, slots=True)
class Entries:
    """The largest contributions of one example, before they become a neuron set."""

    position: NDArray[np.int64]
    """Answer position, 0 for the first answer token, shape (n_layers, k), largest first."""
    neuron: NDArray[np.int64]
    """Index within the layer, 0 ≤ neuron < d_mlp, shape (n_layers, k)."""
    contribution: NDArray[np.float32]
    """s^l_i(t), shape (n_layers, k); −inf where a layer has fewer than k of them."""


@dataclass(frozen=True, slots=True)
class _Reading:
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


class CaptureRunner:
    """Captures prompts of one task with one model."""

    def __init__(
        self,
        loaded: LoadedModel,
        candidates: Sequence[Sequence[int]],
        settings: CaptureSettings,
        *,
        tree: bool | None = None,
    ) -> None:
        """Project the answer tokens once; they are the same for every example.

        Args:
            loaded: the model.
            candidates: token ids of each label.
            settings: what to record.
            tree: read candidates as branches of one sequence; None decides by the model.
        """
        self._loaded = loaded
        self._settings = settings
        self._answers = build_answer_tree(candidates)
        self._tree = tree
        tokens = sorted({token for candidate in candidates for token in candidate})
        self._place_of = {token: place for place, token in enumerate(tokens)}
        self._projections = loaded.architecture.token_projections(tokens)

    @torch.inference_mode()
    def capture(self, prompts: Sequence[EncodedPrompt]) -> list[Capture]:
        """Read one batch of prompts; the captures come in the same order."""
        reading = self._read([prompt.ids for prompt in prompts])
        answers = reading.scores.argmax(dim=1).tolist()
        position, neuron, contribution = self._top_entries(reading, answers)
        lengths = [len(self._answers.candidates[answer]) for answer in answers]
        if self._settings.drop_last_position:
            last = torch.tensor(lengths, device=position.device)[:, None, None] - 1
            contribution = contribution.masked_fill(position == last, -torch.inf)
        sets = self._neuron_sets(neuron, contribution)
        host_scores = reading.scores.cpu().numpy()
        return [
            Capture(
                answer=answer,
                scores=host_scores[row],
                neurons=neurons,
                contributions=contributions,
                neuron_count=count,
                n_answer_tokens=lengths[row],
                truncated=prompts[row].truncated,
            )
            for row, (answer, (neurons, contributions, count)) in enumerate(
                zip(answers, sets, strict=True)
            )
        ]

    @torch.inference_mode()
    def entries(self, prompts: Sequence[EncodedPrompt]) -> list[Entries]:
        """The per-layer entries that `capture` makes its neuron sets of, all positions kept."""
        reading = self._read([prompt.ids for prompt in prompts])
        parts = self._top_entries(reading, reading.scores.argmax(dim=1).tolist())
        return [
            Entries(*(part[row].cpu().numpy() for part in parts)) for row in range(len(prompts))
        ]

    def _read(self, prompts: Sequence[tuple[int, ...]]) -> _Reading:
        """One forward pass over a batch of prompts and all candidates."""
        longest = max(len(ids) for ids in prompts)
        tree = self._tree
        if tree is None:
            window = self._loaded.sliding_window
            tree = window is None or longest + len(self._answers.tokens) <= window
        return self._read_tree(prompts, longest) if tree else self._read_copies(prompts, longest)

    def _read_tree(self, prompts: Sequence[tuple[int, ...]], longest: int) -> _Reading:
        answers = self._answers
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
            positions[row, start:longest] = torch.arange(len(prompt))
            positions[row, longest:] = len(prompt) - 1 + depths
            allowed[row, start:longest, start:longest] = causal[start:, start:]
            allowed[row, longest:, start:longest] = True
            allowed[row, longest:, longest:] = answers.visible
        if self._settings.mask_pad_tokens:
            allowed &= (ids != self._loaded.pad_id)[:, None, :]
        # A query that may see nothing (padding) sees itself: softmax over nothing is not a number
        allowed |= torch.eye(width, dtype=torch.bool) & ~allowed.any(dim=2, keepdim=True)
        bias = torch.zeros(allowed.shape, dtype=self._loaded.model.dtype)
        bias.masked_fill_(~allowed, torch.finfo(bias.dtype).min)
        slots = torch.tensor(_padded(answers.slots))  # (candidate, position)
        return self._forward(
            ids,
            positions,
            bias[:, None],
            n_positions=answers.n_slots,
            rows=torch.arange(len(prompts))[:, None, None],
            slots=slots[None],
        )

    def _read_copies(self, prompts: Sequence[tuple[int, ...]], longest: int) -> _Reading:
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
        slots = _padded([range(n_positions - len(c), n_positions) for c in candidates])
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
    ) -> _Reading:
        architecture, device = self._loaded.architecture, self._loaded.model.device
        with record_activations(architecture, self._settings.hook_site, n_positions) as seen:
            output = self._loaded.model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                position_ids=positions.to(device),
                use_cache=False,
                logits_to_keep=n_positions,
            )
        home = self._projections.device
        rows, slots = rows.to(home), slots.to(home)
        return _Reading(
            scores=self._mean_log_probabilities(output.logits.to(home), rows, slots),
            activations=[seen[layer].to(home) for layer in range(architecture.n_layers)],
            rows=rows,
            slots=slots,
        )

    def _mean_log_probabilities(self, logits: Tensor, rows: Tensor, slots: Tensor) -> Tensor:
        """Score the candidates; the logits have shape (sequence, slot, vocabulary)."""
        candidates, device = self._answers.candidates, logits.device
        tokens = torch.tensor(_padded(candidates), device=device)  # (candidate, position)
        lengths = torch.tensor([len(candidate) for candidate in candidates], device=device)
        total = torch.stack([sequence.float().logsumexp(dim=1) for sequence in logits])
        log_probabilities = logits[rows, slots, tokens].float() - total[rows, slots]
        real = torch.arange(tokens.shape[1], device=device) < lengths[:, None]
        return (log_probabilities * real).sum(dim=2) / lengths  # (row, candidate)

    def _top_entries(self, reading: _Reading, answers: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """The largest contributions of each layer over all answer positions.

        Returns:
            Position, neuron and contribution, each of shape (row, n_layers, k), largest first.
        """
        home = self._projections.device
        d_mlp = self._loaded.architecture.d_mlp
        candidates = [self._answers.candidates[answer] for answer in answers]
        lengths = torch.tensor([len(candidate) for candidate in candidates], device=home)
        longest = int(lengths.max())
        tokens = _padded([[self._place_of[t] for t in candidate] for candidate in candidates])
        place = torch.tensor(tokens, device=home)  # (row, position)
        real = torch.arange(longest, device=home) < lengths[:, None]  # (row, position)
        chosen = torch.tensor(answers, device=home)
        n_candidates = len(self._answers.candidates)
        rows = reading.rows.expand(-1, n_candidates, -1)[torch.arange(len(answers)), chosen]
        slots = reading.slots[0, chosen, :longest]  # (row, position)
        k = min(self._settings.n_layer_entries(d_mlp), longest * d_mlp)
        best, where = [], []
        for layer, activation in enumerate(reading.activations):
            own = activation[rows, slots].float()  # (row, position, d_mlp)
            contribution = own * self._projections[layer][place]
            contribution = contribution.masked_fill(~real[..., None], -torch.inf)
            values, index = contribution.flatten(1).topk(k, dim=1)
            best.append(values)
            where.append(index)
        flat = torch.stack(where, dim=1)  # (row, n_layers, k)
        return flat // d_mlp, flat % d_mlp, torch.stack(best, dim=1)

    def _neuron_sets(
        self, neuron: Tensor, contribution: Tensor
    ) -> list[tuple[NDArray[np.uint32], NDArray[np.float16], int]]:
        """Merge positions by their maximum, count the neurons kept, cut the set to size."""
        architecture = self._loaded.architecture
        d_mlp, n_layers = architecture.d_mlp, architecture.n_layers
        flat = neuron + d_mlp * torch.arange(n_layers, device=neuron.device)[:, None]
        strongest = torch.full((len(neuron), n_layers * d_mlp), -torch.inf, device=neuron.device)
        strongest.scatter_reduce_(1, flat.flatten(1), contribution.flatten(1), "amax")
        counts = torch.isfinite(strongest).sum(dim=1).tolist()
        values, ids = strongest.topk(self._settings.n_set(n_layers, d_mlp), dim=1)
        kept = values > 0
        ids, order = ids.masked_fill(~kept, n_layers * d_mlp).sort(dim=1)
        host_ids = ids.cpu().numpy().astype(np.uint32)
        host_values = values.gather(1, order).half().cpu().numpy()
        sizes = kept.sum(dim=1).tolist()
        return [
            (host_ids[row, :size].copy(), host_values[row, :size].copy(), counts[row])
            for row, size in enumerate(sizes)
        ]


def _padded(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Rows of equal length, filled up with 0; whoever reads them masks the filling."""
    longest = max(len(row) for row in rows)
    return [[*row, *[0] * (longest - len(row))] for row in rows]
