"""Forward passes → candidate scores, answers and neuron sets."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import build_answer_tree, padded
from neufs_tui.model.concentration import Concentration
from neufs_tui.model.contributions import Contributions, Entries
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.layer_layout import layer_layouts
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.neuron_sets import NO_NEURON, neuron_sets
from neufs_tui.model.passes import CHUNK
from neufs_tui.model.pushes import Pushes
from neufs_tui.model.reading import Reader, Reading
from neufs_tui.model.ways import Way


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
        self._pushes = Pushes(loaded.architecture, tokens, arriving=settings.arriving)
        home = loaded.architecture.device
        places = [[tokens.index(token) for token in candidate] for candidate in candidates]
        self._token_of = torch.tensor(padded(places), device=home)  # (candidate, position)
        self._slots = self._answers.candidate_slots.to(home)
        self._lengths = self._answers.lengths.to(home)
        self._shape = loaded.architecture.shape
        self._layouts = layer_layouts(self._shape, home)

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
            last = lengths[:, None] - 1
            contribution = contribution.masked_fill(position == last, -torch.inf)
        size = self._settings.n_set(sum(self._shape.n_active))
        repeat = bool((lengths > 1).any())
        ids, strengths, counts = neuron_sets(neuron, contribution, size, repeat=repeat)
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
                neurons=row[row != NO_NEURON].astype(np.uint32),
                contributions=values[row != NO_NEURON],
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
        ids, contributed, active = [], [], []
        for layer in range(self._shape.n_layers):
            activation, experts, pushes = self._at_answer(reading, layer, answer)
            ids.append(self._layouts[layer].ids(experts[0] if experts is not None else None))
            active.append(activation[0])
            contributed.append(activation[0] * pushes[0])
        every = [one.expand(len(part), -1) for one, part in zip(ids, active, strict=True)]
        neurons, column = torch.unique(torch.cat(every, dim=1), return_inverse=True)
        values, activations = (
            column.new_zeros(len(column), len(neurons), dtype=torch.float32)
            .scatter_add(1, column, torch.cat(parts, dim=1))
            .cpu()
            .numpy()
            for parts in (contributed, active)
        )
        return Contributions(neurons.cpu().numpy().astype(np.uint32), values, activations)

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
        home = self._loaded.architecture.device
        sums = torch.zeros(len(prompts), dtype=torch.float64, device=home)
        wanted = torch.from_numpy(neurons.astype(np.int64)).to(home)
        for layer in np.unique(self._shape.layers_of(neurons)).tolist():
            activation, experts, pushes = self._at_answer(reading, layer, answer)
            counts = torch.isin(self._layouts[layer].ids(experts), wanted)
            sums += (activation.double() * pushes * counts).sum(dim=(1, 2))
        return sums.cpu().numpy()

    def _at_answer(
        self, reading: Reading, layer: int, answer: int
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """A layer's activations at an answer's positions, their experts and their pushes.

        Returns:
            Activations in float32 and pushes, both of shape (row, position, n_active), and experts,
            (row, position, n_routed), if the layer has some.
        """
        length = len(self._answers.candidates[answer])
        places = reading.places[:, self._slots[answer, :length]]
        tokens = self._token_of[answer, :length].expand(len(places), -1)
        return self._at(reading, layer, places, tokens)

    def _at(
        self, reading: Reading, layer: int, places: Tensor, tokens: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        activation = reading.activations[layer]
        experts = None if activation.experts is None else activation.experts[places]
        values = activation.values[places].float()
        return values, experts, self._pushes.of(layer, tokens, experts)

    def _top_entries(
        self, reading: Reading, concentration: Concentration | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The largest contributions of each layer over all answer positions.

        Args:
            reading: what was read.
            concentration: takes in each neuron's largest contribution, if it is wanted.

        Returns:
            Position, flat id and contribution, each of shape (row, Σ k), layer after layer, of
            each the largest first.
        """
        lengths = self._lengths[reading.answers]
        longest = int(lengths.max())
        tokens = self._token_of[reading.answers, :longest]  # (row, position)
        places = reading.places.gather(1, self._slots[reading.answers, :longest])
        filling = torch.arange(longest, device=lengths.device) >= lengths[:, None]
        where, which, best = [], [], []
        for layer, n_active in enumerate(self._shape.n_active):
            activation, experts, pushes = self._at(reading, layer, places, tokens)
            contribution = activation * pushes  # (row, position, n_active)
            contribution = contribution.masked_fill(filling[..., None], -torch.inf)
            layout = self._layouts[layer]
            if concentration is not None:
                concentration.add(layout.largest(contribution, experts))
            k = min(self._settings.n_layer_entries(n_active), longest * n_active)
            values, index = contribution.flatten(1).topk(k, dim=1)
            position = index // max(1, n_active)
            best.append(values)
            where.append(position)
            which.append(layout.ids_at(position, index % max(1, n_active), experts))
        return torch.cat(where, dim=1), torch.cat(which, dim=1), torch.cat(best, dim=1)


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
