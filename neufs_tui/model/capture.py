"""Forward passes → candidate scores, answers and neuron sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neufs_tui.core.neurons import Capture
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import build_answer_tree
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.loading import LoadedModel
from neufs_tui.model.reading import Reader, Reading, padded


@dataclass(frozen=True, slots=True)
class Entries:
    """The largest contributions of one example, before they become a neuron set."""

    position: NDArray[np.int64]
    """Answer position, 0 for the first answer token, shape (n_layers, k), largest first."""
    neuron: NDArray[np.int64]
    """Index within the layer, 0 ≤ neuron < d_mlp, shape (n_layers, k)."""
    contribution: NDArray[np.float32]
    """s^l_i(t), shape (n_layers, k); −inf where a layer has fewer than k of them."""


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
        self._reader = Reader(loaded, self._answers, settings, tree=tree)
        tokens = sorted({token for candidate in candidates for token in candidate})
        self._place_of = {token: place for place, token in enumerate(tokens)}
        self._projections = loaded.architecture.token_projections(tokens)

    @property
    def n_tree_tokens(self) -> int:
        """Tokens read behind each prompt for the candidates."""
        return len(self._answers.tokens)

    def share(self, ids: Sequence[int]) -> None:
        """Read what all prompts begin with once, for all batches to come."""
        self._reader.share(ids)

    @torch.inference_mode()
    def capture(self, prompts: Sequence[EncodedPrompt]) -> list[Capture]:
        """Read one batch of prompts; the captures come in the same order."""
        reading = self._reader.read([prompt.ids for prompt in prompts])
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
        reading = self._reader.read([prompt.ids for prompt in prompts])
        parts = self._top_entries(reading, reading.scores.argmax(dim=1).tolist())
        return [
            Entries(*(part[row].cpu().numpy() for part in parts)) for row in range(len(prompts))
        ]

    def _top_entries(self, reading: Reading, answers: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """The largest contributions of each layer over all answer positions.

        Returns:
            Position, neuron and contribution, each of shape (row, n_layers, k), largest first.
        """
        home = self._projections.device
        d_mlp = self._loaded.architecture.d_mlp
        candidates = [self._answers.candidates[answer] for answer in answers]
        lengths = torch.tensor([len(candidate) for candidate in candidates], device=home)
        longest = int(lengths.max())
        tokens = padded([[self._place_of[t] for t in candidate] for candidate in candidates])
        place = torch.tensor(tokens, device=home)  # (row, position)
        real = torch.arange(longest, device=home) < lengths[:, None]  # (row, position)
        chosen = torch.tensor(answers, device=home)
        n_candidates = len(self._answers.candidates)
        rows = reading.rows.expand(-1, n_candidates, -1)[
            torch.arange(len(answers), device=home), chosen
        ]
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
