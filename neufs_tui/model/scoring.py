"""Candidates scored while their tokens are read, and which of them still can win.

A candidate's score is the mean log-probability of its tokens. No log-probability is above 0, so
what is read of a candidate bounds its score from above: one whose bound lies below a score
that is known needs no further reading, and the best candidate is found exactly. Of a
candidate that was given up, the unread tokens count as they do behind a prompt without a text,
so that its score is an estimate, never above its bound.
"""

from __future__ import annotations

import torch
from torch import Tensor

from neufs_tui.model.answers import AnswerTree

_FIRST_CONTENDERS = 2
"""Candidates read in the first round behind the prompts; each round after reads up to 4 × more."""
_ROWS_AT_ONCE = 64
"""Rows of logits turned to float32 together."""


class CandidateScores:
    """Scores of all candidates behind a batch of prompts."""

    def __init__(self, answers: AnswerTree, n_rows: int, neutral: Tensor | None) -> None:
        """Begin with nothing read.

        Args:
            answers: the candidates.
            n_rows: prompts in the batch.
            neutral: log-probability of each edge behind a prompt without a text, float32, shape
                (edge,); None where all candidates are to be read to their end.
        """
        self._answers = answers
        self._neutral = neutral
        self._needs = answers.needs()
        self._read = torch.zeros(n_rows, answers.n_slots, dtype=torch.bool)
        self._known = torch.zeros(n_rows, len(answers.edge_tokens))
        self._rounds = 0

    def observe(self, rows: Tensor, slots: Tensor, logits: Tensor) -> None:
        """Take in what the model predicts from some slots.

        Args:
            rows: the prompt of each, on the CPU, shape (reading,).
            slots: the slot of each, on the CPU, shape (reading,).
            logits: shape (reading, vocabulary).
        """
        self._read[rows, slots] = True
        reading_of = torch.full(self._read.shape, -1)
        reading_of[rows, slots] = torch.arange(len(rows))
        per_edge = reading_of[:, self._answers.edge_slots]  # (row, edge)
        row, edge = (per_edge >= 0).nonzero(as_tuple=True)
        reading = per_edge[row, edge].to(logits.device)
        total = torch.cat(
            [part.float().logsumexp(dim=1) for part in torch.split(logits, _ROWS_AT_ONCE)]
        )
        token = self._answers.edge_tokens[edge].to(logits.device)
        log_probability = logits[reading, token].float() - total[reading]
        self._known[row, edge] = log_probability.cpu()

    def wanted(self) -> Tensor:
        """The slots to read next, bool, shape (row, slot); none when all answers are certain."""
        finished = self._finished()
        if finished.all():
            return torch.zeros_like(self._read)
        if self._neutral is None:
            return ~self._read
        bounds = self._mean(self._known)
        best = self._estimates().masked_fill(~finished, -torch.inf).amax(dim=1, keepdim=True)
        contending = ~finished & (bounds >= best)
        limit = min(_FIRST_CONTENDERS * 4**self._rounds, len(self._answers.candidates))
        self._rounds += 1
        hopes = self._estimates().masked_fill(~contending, -torch.inf)
        chosen = torch.zeros_like(contending).scatter_(1, hopes.topk(limit).indices, True)
        slots = (chosen & contending).float() @ self._needs.float()
        return (slots > 0) & ~self._read

    def final(self) -> tuple[Tensor, Tensor]:
        """Once nothing is wanted: the scores, float32 (row, candidate), and the best (row,)."""
        scores = self._estimates()
        best = scores.masked_fill(~self._finished(), -torch.inf).argmax(dim=1)
        return scores, best

    def edges(self) -> Tensor:
        """Log-probability of every edge, 0 where unread, float32, shape (row, edge)."""
        return self._known

    def _finished(self) -> Tensor:
        """Which candidates are read to their end, bool, shape (row, candidate)."""
        return (~self._read).float() @ self._needs.float().T == 0

    def _estimates(self) -> Tensor:
        if self._neutral is None:
            return self._mean(self._known)
        read = self._read[:, self._answers.edge_slots]
        return self._mean(torch.where(read, self._known, self._neutral))

    def _mean(self, edges: Tensor) -> Tensor:
        """Mean over each candidate's edges, shape (row, candidate)."""
        per_token = edges[:, self._answers.candidate_edges]  # (row, candidate, position)
        return (per_token * self._answers.real()).sum(dim=2) / self._answers.lengths
