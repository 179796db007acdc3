"""The candidate answers as a tree of tokens, so that each shared beginning is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class AnswerTree:
    """Candidate answers behind one prompt.

    A slot is a place from which an answer token is predicted: slot 0 is the prompt's last
    position, every other slot a token of the tree. A candidate's last token predicts nothing and
    has no slot. An edge is an answer token together with the slot that predicts it; what two
    candidates begin with is the same edges.
    """

    candidates: tuple[tuple[int, ...], ...]
    """Token ids of each candidate."""
    tokens: Tensor
    """Token id of each slot, shape (slot,); slot 0 has −1, it belongs to the prompt."""
    depths: Tensor
    """Distance of each slot from the prompt's last position, shape (slot,)."""
    visible: Tensor
    """Whether slot q may attend to slot k ≥ 1, itself included, bool, shape (slot q, slot k)."""
    edge_slots: Tensor
    """The slot that predicts each edge, shape (edge,)."""
    edge_tokens: Tensor
    """The token of each edge, shape (edge,)."""
    candidate_edges: Tensor
    """The edges of each candidate, shape (candidate, position), filled up with edge 0."""
    lengths: Tensor
    """Tokens of each candidate, shape (candidate,)."""

    @property
    def n_slots(self) -> int:
        """Places from which answer tokens are predicted."""
        return len(self.tokens)

    @property
    def candidate_slots(self) -> Tensor:
        """The slots that predict each candidate's tokens, shape (candidate, position)."""
        return self.edge_slots[self.candidate_edges]

    def real(self) -> Tensor:
        """Which places of `candidate_edges` are no filling, bool."""
        return torch.arange(self.candidate_edges.shape[1]) < self.lengths[:, None]

    def needs(self) -> Tensor:
        """Which slots must be read to score a candidate, bool, shape (candidate, slot)."""
        needed = torch.zeros(len(self.candidates), self.n_slots, dtype=torch.bool)
        # The filling is edge 0, whose slot 0 every candidate needs anyway
        return needed.scatter_(1, self.candidate_slots, True)


def build_answer_tree(candidates: Sequence[Sequence[int]]) -> AnswerTree:
    """Merge the candidates' shared beginnings.

    Args:
        candidates: token ids of each candidate, none of them empty.
    """
    slot_of: dict[tuple[int, ...], int] = {(): 0}
    edge_of: dict[tuple[int, ...], int] = {}
    edges = []
    for candidate in map(tuple, candidates):
        beginnings = [candidate[:length] for length in range(1, len(candidate) + 1)]
        edges.append([edge_of.setdefault(beginning, len(edge_of)) for beginning in beginnings])
        for beginning in beginnings[:-1]:
            slot_of.setdefault(beginning, len(slot_of))
    visible = torch.zeros(len(slot_of), len(slot_of), dtype=torch.bool)
    for beginning, slot in slot_of.items():
        for length in range(1, len(beginning) + 1):
            visible[slot, slot_of[beginning[:length]]] = True
    return AnswerTree(
        candidates=tuple(map(tuple, candidates)),
        tokens=torch.tensor([-1, *(beginning[-1] for beginning in list(slot_of)[1:])]),
        depths=torch.tensor([len(beginning) for beginning in slot_of]),
        visible=visible,
        edge_slots=torch.tensor([slot_of[beginning[:-1]] for beginning in edge_of]),
        edge_tokens=torch.tensor([beginning[-1] for beginning in edge_of]),
        candidate_edges=torch.tensor(padded(edges)),
        lengths=torch.tensor([len(candidate) for candidate in candidates]),
    )


def padded(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Rows of equal length, filled up with 0; whoever reads them masks the filling."""
    longest = max(len(row) for row in rows)
    return [[*row, *[0] * (longest - len(row))] for row in rows]
