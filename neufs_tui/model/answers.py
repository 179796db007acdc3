"""The candidate answers as a tree of tokens, so that each shared beginning is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class AnswerTree:
    """Candidate answers behind one prompt.

    A slot is a place from which an answer token is predicted: slot 0 is the prompt's last
    position, slot s > 0 the tree token s − 1. A candidate's last token predicts nothing and is
    not part of the tree, so one-token answers need no tree at all.
    """

    candidates: tuple[tuple[int, ...], ...]
    """Token ids of each candidate."""
    tokens: tuple[int, ...]
    """Token ids of the tree, parents before children."""
    depths: tuple[int, ...]
    """Distance of each tree token from the prompt's last position, from 1."""
    visible: Tensor
    """Which tree tokens each tree token may attend to, itself included, bool (n_tree, n_tree)."""
    slots: tuple[tuple[int, ...], ...]
    """For each candidate and each of its tokens, the slot that predicts it."""

    @property
    def n_slots(self) -> int:
        """Places from which answer tokens are predicted."""
        return len(self.tokens) + 1


def build_answer_tree(candidates: Sequence[Sequence[int]]) -> AnswerTree:
    """Merge the candidates' shared beginnings.

    Args:
        candidates: token ids of each candidate, none of them empty.
    """
    slot_of: dict[tuple[int, ...], int] = {(): 0}
    slots = []
    for candidate in candidates:
        path = []
        for length in range(len(candidate)):
            beginning = tuple(candidate[:length])
            path.append(slot_of.setdefault(beginning, len(slot_of)))
        slots.append(tuple(path))
    beginnings = list(slot_of)[1:]
    visible = torch.zeros(len(beginnings), len(beginnings), dtype=torch.bool)
    for row, beginning in enumerate(beginnings):
        for length in range(1, len(beginning) + 1):
            visible[row, slot_of[beginning[:length]] - 1] = True
    return AnswerTree(
        candidates=tuple(tuple(candidate) for candidate in candidates),
        tokens=tuple(beginning[-1] for beginning in beginnings),
        depths=tuple(len(beginning) for beginning in beginnings),
        visible=visible,
        slots=tuple(slots),
    )
