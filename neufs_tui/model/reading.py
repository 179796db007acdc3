"""All candidate answers behind each prompt of a batch, each prompt read once.

What all prompts begin with is read once for all batches, the rest of each prompt once, and the
candidates as branches of a tree behind it; prompts stand side by side in sequences, kept apart
by the mask. A prompt that cannot be read so (`ways.py`) is read by another way, alone if need be;
all ways agree to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import AnswerTree
from neufs_tui.model.expanded import read_expanded
from neufs_tui.model.hidden_states import HiddenStates, Span
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.packing import NOTHING, Piece, lay_out, pack
from neufs_tui.model.passes import CHUNK, Passes
from neufs_tui.model.plain import read_plain
from neufs_tui.model.prefix import MIN_LENGTH, PromptPrefix
from neufs_tui.model.recording import Activations, joined
from neufs_tui.model.scoring import CandidateScores
from neufs_tui.model.ways import Way

LARGE_TREE = 64
"""Slots of an answer tree from which on only candidates that can win are read to their end."""
_LIKELY_SLOTS = 32
"""Slots of a large tree that are read for one prompt, about; they are more where it hesitates."""
_SEQUENCE = 128
"""Tokens of a sequence of short prompts behind a shared beginning: attention costs more in longer
ones, and the beginning is copied more often for shorter ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the candidates' scores and neurons are made of; tensors are where the model's end is."""

    scores: Tensor
    """Mean log-probability of each candidate, float32, shape (row, candidate)."""
    answers: Tensor
    """The best candidate of each row, shape (row,)."""
    activations: list[Activations]
    """Per layer."""
    places: Tensor
    """Where each slot was read, shape (row, slot); `NOTHING` where it was not."""
    hidden: Tensor | None = None
    """Projected hidden states, float32, shape (row, 2, 256); None where they were not wanted."""


class Reader:
    """Reads prompts of one task with one model."""

    def __init__(
        self,
        loaded: LoadedModel,
        answers: AnswerTree,
        settings: CaptureSettings,
        *,
        way: Way | None = None,
        neutral_prompt: Sequence[int] | None = None,
        chunk: int = CHUNK,
    ) -> None:
        """Bind what is the same for every batch.

        Args:
            loaded: the model.
            answers: the candidates.
            settings: where activations are read, and which tokens are hidden.
            way: how to read every prompt; None decides by the model and each prompt's length.
            neutral_prompt: the prompt without a text. With it, of a large answer tree only
                what decides the answer is read; without, all candidates are.
            chunk: tokens of a sequence read in one pass.
        """
        self._loaded = loaded
        self._answers = answers
        self._settings = settings
        self._forced = way
        self._chunk = chunk
        self._n_behind = int(answers.depths.max())
        self._prefix: PromptPrefix | None = None
        every = settings.all_candidates or answers.n_slots < LARGE_TREE
        self._neutral_prompt = None if every else neutral_prompt
        self._neutral: Tensor | None = None

    def sibling(self, neutral_prompt: Sequence[int] | None) -> Reader:
        """A reader of the same candidates that has shared nothing yet."""
        return Reader(
            self._loaded,
            self._answers,
            self._settings,
            way=self._forced,
            neutral_prompt=neutral_prompt,
            chunk=self._chunk,
        )

    def share(self, ids: Sequence[int], neutral_prompt: Sequence[int] | None = None) -> int:
        """Read the beginning of all prompts once; prompts that begin otherwise are read whole.

        Args:
            ids: what the prompts to come begin with.
            neutral_prompt: the prompt without a text, if it is another from now on.

        Returns:
            How many tokens were read.
        """
        if neutral_prompt is not None and self._neutral_prompt is not None:
            self._neutral_prompt, self._neutral = neutral_prompt, None
        # Prompts go on behind it by one token at least
        if len(ids) < MIN_LENGTH or self._way(len(ids) + 1) != "tree":
            self._prefix = None
            return 0
        if self._prefix is None:
            hide = self._settings.mask_pad_tokens
            self._prefix = PromptPrefix(self._loaded, mask_pad_tokens=hide, chunk=self._chunk)
        return self._prefix.become(ids)

    @property
    def reads_all(self) -> bool:
        """Whether every candidate is read to its end, whatever its chances."""
        return self._neutral_prompt is None

    @property
    def n_likely_slots(self) -> int:
        """Slots read for a prompt, about."""
        if self._neutral_prompt is None:
            return self._answers.n_slots
        return _LIKELY_SLOTS

    def n_tokens(self, prompt: Sequence[int]) -> int:
        """Tokens that are about to be read for one prompt and its candidates."""
        shared = len(self._prefix) if self._prefix and self._prefix.begins([prompt]) else 0
        return len(prompt) - shared + self.n_likely_slots - 1

    def read(
        self, prompts: Sequence[tuple[int, ...]], texts: Sequence[Span] | None = None
    ) -> Reading:
        """Read a batch of prompts and score all candidates behind each.

        Args:
            prompts: token ids of each.
            texts: where the text is in each, if hidden states are wanted: behind what is shared.
        """
        groups: dict[tuple[Way, int], list[int]] = {}
        for row, ids in enumerate(prompts):
            way = self._way(len(ids))
            alone = way == "expanded" and self._loaded.ways.alone
            groups.setdefault((way, row if alone else NOTHING), []).append(row)
        readings = []
        for (way, _), rows in groups.items():
            spans = None if texts is None else [texts[row] for row in rows]
            readings.append((rows, self._read_by(way, [prompts[row] for row in rows], spans)))
        return _joined(readings)

    def _way(self, length: int) -> Way:
        return self._forced or self._loaded.ways.way(length, self._n_behind)

    def _read_by(
        self, way: Way, prompts: Sequence[tuple[int, ...]], texts: Sequence[Span] | None
    ) -> Reading:
        hidden = None
        if texts is not None:
            hidden = HiddenStates(self._loaded.architecture, texts, [*map(len, prompts)])
        if way == "tree":
            if self._neutral_prompt is not None and self._neutral is None:
                scores, _ = self._read_tree([tuple(self._neutral_prompt)], None, None)
                self._neutral = scores.edges()[0]
            scores, passes = self._read_tree(prompts, self._neutral, hidden)
            return self._reading(scores, *passes.recorded(), hidden)
        read = read_expanded if way == "expanded" else read_plain
        scores = CandidateScores(self._answers, len(prompts), None)
        recorded = read(self._loaded, self._answers, self._settings, prompts, hidden)
        scores.observe(recorded.rows, recorded.slots, recorded.logits)
        return self._reading(scores, recorded.rows, recorded.slots, recorded.activations, hidden)

    def _read_tree(
        self,
        prompts: Sequence[tuple[int, ...]],
        neutral: Tensor | None,
        hidden: HiddenStates | None,
    ) -> tuple[CandidateScores, Passes]:
        prefix = self._prefix
        if prefix is not None and not prefix.begins(prompts):
            prefix = None
        before = len(prefix) if prefix else 0
        scores = CandidateScores(self._answers, len(prompts), neutral)
        first = torch.ones(self._answers.n_slots, dtype=torch.bool)
        if neutral is not None:
            first[1:] = False
        branches = first.nonzero()[1:, 0]
        pieces = []
        for row, ids in enumerate(prompts):
            slots = torch.full((len(ids) - before,), NOTHING)
            slots[-1] = 0
            positions = torch.arange(before, len(ids))
            pieces.append([Piece(row, torch.tensor(ids[before:]), positions, slots)])
            if len(branches):
                pieces[row].append(self._branches(row, len(ids), branches))
        room = _SEQUENCE if prefix else 1  # with nothing to share, sequences are single prompts
        sequences = pack([sum(len(p.ids) for p in row) for row in pieces], room)
        passes = Passes(
            self._loaded,
            self._settings,
            self._answers.visible,
            prefix,
            n_sequences=len(sequences),
            once=neutral is None,
            hidden=hidden,
            chunk=self._chunk,
        )
        laid_out = [[piece for row in rows for piece in pieces[row]] for rows in sequences]
        while True:
            for recorded in passes.read(lay_out(laid_out, self._loaded.pad_id)):
                scores.observe(*recorded)
            wanted = scores.wanted()
            if not wanted.any():
                return scores, passes
            laid_out = [
                [
                    self._branches(row, len(prompts[row]), wanted[row].nonzero()[:, 0])
                    for row in rows
                ]
                for rows in sequences
            ]

    def _branches(self, row: int, length: int, slots: Tensor) -> Piece:
        """Tree tokens behind a prompt of a given length."""
        positions = length - 1 + self._answers.depths[slots]
        return Piece(row, self._answers.tokens[slots], positions, slots)

    def _reading(
        self,
        scores: CandidateScores,
        rows: Tensor,
        slots: Tensor,
        activations: list[Activations],
        hidden: HiddenStates | None,
    ) -> Reading:
        final, best = scores.final()
        places = torch.full((len(final), self._answers.n_slots), NOTHING)
        places[rows, slots] = torch.arange(len(rows))
        home = self._loaded.architecture.device
        states = hidden.projected() if hidden is not None else None
        return Reading(final.to(home), best.to(home), activations, places.to(home), states)


def _joined(parts: Sequence[tuple[Sequence[int], Reading]]) -> Reading:
    """The readings of some rows each, as one of all of them in order."""
    if len(parts) == 1:
        return parts[0][1]
    readings = [reading for _, reading in parts]
    order = torch.tensor([row for rows, _ in parts for row in rows]).argsort()
    order = order.to(readings[0].scores.device)
    before = 0
    places = []
    for reading in readings:
        places.append(torch.where(reading.places == NOTHING, NOTHING, reading.places + before))
        before += len(reading.activations[0].values)
    hidden = [reading.hidden for reading in readings if reading.hidden is not None]
    by_layer = zip(*(reading.activations for reading in readings), strict=True)
    return Reading(
        scores=torch.cat([reading.scores for reading in readings])[order],
        answers=torch.cat([reading.answers for reading in readings])[order],
        activations=[joined(layer) for layer in by_layer],
        places=torch.cat(places)[order],
        hidden=torch.cat(hidden)[order] if len(hidden) == len(readings) else None,
    )
