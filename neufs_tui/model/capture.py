"""Forward passes → candidate scores, answers and neuron sets."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import build_answer_tree, padded
from neufs_tui.model.concentration import Concentration
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.passes import CHUNK
from neufs_tui.model.reading import Reader, Reading
from neufs_tui.model.ways import Way

_NO_NEURON = 2**31 - 1
"""Fills up a row of neurons; sorts behind all of them."""


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
class Contributions:
    """All contributions to one answer, nothing left out."""

    values: NDArray[np.float32]
    """s^l_i(t), shape (position, n_layers, d_mlp)."""
    activations: NDArray[np.float32]
    """a^l_i(p_t), same shape; times 1/rms where a norm follows the FFN."""


class CaptureRunner:
    """Captures prompts of one task with one model."""

    def __init__(
        self,
        loaded: LoadedModel,
        candidates: Sequence[Sequence[int]],
        settings: CaptureSettings,
        *,
        way: Way | None = None,
        neutral_prompt: Sequence[int] | None = None,
        chunk: int = CHUNK,
    ) -> None:
        """Project the answer tokens once; they are the same for every example.

        Args:
            loaded: the model.
            candidates: token ids of each label.
            settings: what to record.
            way: how to read every prompt; None decides by the model and each prompt's length.
            neutral_prompt: the prompt without a text. With it, of many candidates only those
                that can win are read to their end; without, all are.
            chunk: tokens of a sequence read in one pass.
        """
        self._loaded = loaded
        self._settings = settings
        self._answers = build_answer_tree(candidates)
        self._reader = Reader(
            loaded,
            self._answers,
            settings,
            way=way,
            neutral_prompt=neutral_prompt,
            chunk=chunk,
        )
        tokens = sorted({token for candidate in candidates for token in candidate})
        self._projections = loaded.architecture.token_projections(
            tokens, arriving=settings.arriving
        )
        home = self._projections.device
        places = [[tokens.index(token) for token in candidate] for candidate in candidates]
        self._projection_of = torch.tensor(padded(places), device=home)  # (candidate, position)
        self._slots = self._answers.candidate_slots.to(home)
        self._lengths = self._answers.lengths.to(home)

    def sibling(self, neutral_prompt: Sequence[int] | None = None) -> CaptureRunner:
        """A runner of the same task with a shared beginning of its own.

        Args:
            neutral_prompt: as for the constructor.
        """
        twin = copy.copy(self)
        twin._reader = self._reader.sibling(neutral_prompt)
        return twin

    @property
    def reads_all(self) -> bool:
        """Whether every label is read to its end, so that no score is an estimate."""
        return self._reader.reads_all

    @property
    def n_likely_slots(self) -> int:
        """Places behind a prompt from which answer tokens are predicted and read, about."""
        return self._reader.n_likely_slots

    def n_tokens(self, prompt: EncodedPrompt) -> int:
        """Tokens that are about to be read for one prompt and its candidates."""
        return self._reader.n_tokens(prompt.ids)

    def share(self, ids: Sequence[int], neutral_prompt: Sequence[int] | None = None) -> int:
        """Read what all prompts begin with once, for all batches to come.

        Args:
            ids: what the prompts to come begin with; of the last ones' beginning, what is the
                same is not read again.
            neutral_prompt: the prompt without a text, if it is another from now on.

        Returns:
            How many tokens were read.
        """
        return self._reader.share(ids, neutral_prompt)

    @torch.inference_mode()
    def capture(self, prompts: Sequence[EncodedPrompt]) -> list[Capture]:
        """Read one batch of prompts; the captures come in the same order.

        Hidden states are kept where all of them say where their text is.
        """
        texts = [prompt.text for prompt in prompts if prompt.text is not None]
        spans = texts if len(texts) == len(prompts) else None
        reading = self._reader.read([prompt.ids for prompt in prompts], spans)
        concentration = Concentration(len(prompts), self._lengths.device)
        position, neuron, contribution = self._top_entries(reading, concentration)
        lengths = self._lengths[reading.answers]
        if self._settings.drop_last_position:
            last = lengths[:, None, None] - 1
            contribution = contribution.masked_fill(position == last, -torch.inf)
        ids, strengths, counts = self._neuron_sets(neuron, contribution)
        nuclei = concentration.nucleus(self._settings.nucleus_share)
        participation = concentration.participation()
        numbers = (reading.answers, lengths, counts, nuclei, participation)
        hidden = reading.hidden
        if hidden is None:
            hidden = torch.empty(len(prompts), 0, HIDDEN_DIMENSIONS, device=ids.device)
        host = _on_host(ids, *numbers, reading.scores, hidden.half().flatten(1), strengths)
        return [
            Capture(
                answer=int(answer),
                scores=scores,
                neurons=row[row != _NO_NEURON].astype(np.uint32),
                contributions=values[row != _NO_NEURON],
                neuron_count=int(count),
                n_answer_tokens=int(length),
                nucleus=int(nucleus),
                participation=float(spread),
                hidden=states.reshape(-1, HIDDEN_DIMENSIONS),
                truncated=prompt.truncated,
            )
            for (
                prompt,
                row,
                answer,
                length,
                count,
                nucleus,
                spread,
                scores,
                states,
                values,
            ) in zip(prompts, *host, strict=True)
        ]

    @torch.inference_mode()
    def entries(self, prompts: Sequence[EncodedPrompt]) -> list[Entries]:
        """The per-layer entries that `capture` makes its neuron sets of, all positions kept."""
        reading = self._reader.read([prompt.ids for prompt in prompts])
        parts = self._top_entries(reading)
        return [
            Entries(*(part[row].cpu().numpy() for part in parts)) for row in range(len(prompts))
        ]

    @torch.inference_mode()
    def contributions(self, prompt: EncodedPrompt, answer: int) -> Contributions:
        """Every neuron's contribution to one answer behind one prompt.

        Args:
            prompt: the prompt.
            answer: index of a candidate that is read to its end.
        """
        reading = self._reader.read([prompt.ids])
        places, projection = self._answer_places(reading, answer), self._answer_pushes(answer)
        activations = torch.stack([layer[places[0]].float() for layer in reading.activations])
        return Contributions(
            values=(activations * projection).transpose(0, 1).cpu().numpy(),
            activations=activations.transpose(0, 1).cpu().numpy(),
        )

    @torch.inference_mode()
    def summed_contributions(
        self, prompts: Sequence[EncodedPrompt], answer: int, neurons: NDArray[np.uint32]
    ) -> NDArray[np.float64]:
        """What some neurons together contribute to one answer behind each prompt.

        Args:
            prompts: a batch of them.
            answer: index of a candidate that is read to its end.
            neurons: flat ids.

        Returns:
            Sums over the neurons and the answer's positions, shape (row,).
        """
        reading = self._reader.read([prompt.ids for prompt in prompts])
        places, projection = self._answer_places(reading, answer), self._answer_pushes(answer)
        layers, indices = np.divmod(neurons.astype(np.int64), projection.shape[2])
        sums = torch.zeros(len(prompts), dtype=torch.float64, device=places.device)
        for layer in np.unique(layers):
            own = torch.tensor(indices[layers == layer], device=places.device)
            activation = reading.activations[layer][places][..., own].double()
            sums += (activation * projection[layer][:, own]).sum(dim=(1, 2))
        return sums.cpu().numpy()

    def _answer_places(self, reading: Reading, answer: int) -> Tensor:
        """Where the activations of an answer's positions are, shape (row, position)."""
        length = len(self._answers.candidates[answer])
        return reading.places[:, self._slots[answer, :length]]

    def _answer_pushes(self, answer: int) -> Tensor:
        """Wᵀu of an answer's tokens, shape (n_layers, position, d_mlp)."""
        length = len(self._answers.candidates[answer])
        return self._projections[:, self._projection_of[answer, :length]]

    def _top_entries(
        self, reading: Reading, concentration: Concentration | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The largest contributions of each layer over all answer positions.

        Args:
            reading: what was read.
            concentration: takes in each neuron's largest contribution, if it is wanted.

        Returns:
            Position, neuron and contribution, each of shape (row, n_layers, k), largest first.
        """
        d_mlp = self._loaded.architecture.d_mlp
        lengths = self._lengths[reading.answers]
        longest = int(lengths.max())
        projection = self._projection_of[reading.answers, :longest]  # (row, position)
        places = reading.places.gather(1, self._slots[reading.answers, :longest])
        filling = torch.arange(longest, device=lengths.device) >= lengths[:, None]
        k = min(self._settings.n_layer_entries(d_mlp), longest * d_mlp)
        best, where = [], []
        for layer, activation in enumerate(reading.activations):
            own = activation[places].float()  # (row, position, d_mlp)
            contribution = own * self._projections[layer][projection]
            contribution = contribution.masked_fill(filling[..., None], -torch.inf)
            if concentration is not None:
                concentration.add(contribution.amax(dim=1))
            values, index = contribution.flatten(1).topk(k, dim=1)
            best.append(values)
            where.append(index)
        flat = torch.stack(where, dim=1)  # (row, n_layers, k)
        return flat // d_mlp, flat % d_mlp, torch.stack(best, dim=1)

    def _neuron_sets(self, neuron: Tensor, contribution: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Merge positions by their maximum, count the neurons kept, cut the sets to size.

        Returns:
            Neurons as int32 (row, set size), ascending, filled up with `_NO_NEURON`; their
            contributions in half precision, same shape; and the counts (row,).
        """
        architecture = self._loaded.architecture
        d_mlp, n_layers = architecture.d_mlp, architecture.n_layers
        flat = neuron + d_mlp * torch.arange(n_layers, device=neuron.device)[:, None]
        strongest = torch.full((len(neuron), n_layers * d_mlp), -torch.inf, device=neuron.device)
        strongest.scatter_reduce_(1, flat.flatten(1), contribution.flatten(1), "amax")
        counts = torch.isfinite(strongest).sum(dim=1)
        values, ids = strongest.topk(self._settings.n_set(n_layers, d_mlp), dim=1)
        ids, order = ids.masked_fill(values <= 0, _NO_NEURON).sort(dim=1)
        return ids.int(), values.gather(1, order).half(), counts


def _on_host(*columns: Tensor) -> list[NDArray[np.generic]]:
    """Bring tensors with the same rows to the CPU in one copy.

    Args:
        columns: int64 as int32, everything else in its own dtype, 1-D or 2-D.
    """
    narrow = [column.int() if column.dtype == torch.int64 else column for column in columns]
    as_bytes = [column.view(len(column), -1).contiguous().view(torch.uint8) for column in narrow]
    host = torch.cat(as_bytes, dim=1).cpu().numpy()
    ends = np.cumsum([part.shape[1] for part in as_bytes])
    parts = np.split(host, ends[:-1], axis=1)
    dtypes = [torch.empty(0, dtype=column.dtype).numpy().dtype for column in narrow]
    return [
        np.ascontiguousarray(part).view(dtype).reshape(tuple(column.shape))
        for part, dtype, column in zip(parts, dtypes, narrow, strict=True)
    ]
