"""Prompts of unequal length side by side in sequences of about equal length.

Linear layers do not care which sequence a token stands in; attention is kept apart by the mask.
So short prompts waste no padding, and what all prompts begin with is held once a sequence
instead of once a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

NOTHING = -1
"""The row of a column that is padding, and the slot of a token that predicts no answer token."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Consecutive tokens of one prompt, or tree tokens behind it; all of shape (token,)."""

    row: int
    """The prompt they belong to."""
    ids: Tensor
    positions: Tensor
    """Places in the prompt, 0 for its first token; of a tree token, as if it stood alone."""
    slots: Tensor
    """Slots of the answer tree; `NOTHING` for the prompt's tokens but its last."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Tokens laid out in sequences; each field is of shape (sequence, column)."""

    ids: Tensor
    rows: Tensor
    positions: Tensor
    slots: Tensor

    def __getitem__(self, part: slice) -> Columns:
        """Some of the columns of every sequence."""
        return Columns(*(field[:, part] for field in self._fields()))

    def to(self, device: torch.device) -> Columns:
        """The same on another device."""
        return Columns(*(field.to(device) for field in self._fields()))

    def beside(self, more: Columns) -> Columns:
        """These columns and more of the same sequences."""
        pairs = zip(self._fields(), more._fields(), strict=True)
        return Columns(*(torch.cat(pair, dim=1) for pair in pairs))

    def _fields(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.ids, self.rows, self.positions, self.slots


def pack(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Fill sequences with prompts in their order.

    Args:
        lengths: tokens of each prompt.
        room: tokens of a sequence, or as many as the longest prompt has.

    Returns:
        The prompts of each sequence, by their place in `lengths`.
    """
    room = max(room, *lengths)
    sequences: list[list[int]] = []
    left = 0
    for place, length in enumerate(lengths):
        if length > left:
            sequences.append([])
            left = room
        sequences[-1].append(place)
        left -= length
    return sequences


def lay_out(sequences: Sequence[Sequence[Piece]], pad_id: int) -> Columns:
    """Join the pieces of each sequence, and pad the sequences to the longest."""
    width = max(sum(len(piece.ids) for piece in pieces) for pieces in sequences)
    shape = (len(sequences), width)
    columns = Columns(
        ids=torch.full(shape, pad_id),
        rows=torch.full(shape, NOTHING),
        positions=torch.zeros(shape, dtype=torch.long),
        slots=torch.full(shape, NOTHING),
    )
    for sequence, pieces in enumerate(sequences):
        start = 0
        for piece in pieces:
            place = (sequence, slice(start, start + len(piece.ids)))
            columns.ids[place] = piece.ids
            columns.rows[place] = piece.row
            columns.positions[place] = piece.positions
            columns.slots[place] = piece.slots
            start += len(piece.ids)
    return columns


def attention(queries: Columns, keys: Columns, visible: Tensor) -> Tensor:
    """Which columns may attend to which.

    A token sees its own prompt up to itself, and a tree token its own branch besides. Padding
    sees padding.

    Args:
        queries: shape (sequence, q).
        keys: shape (sequence, k).
        visible: which slot sees which, bool, shape (slot, slot).

    Returns:
        Bool, shape (sequence, q, k).
    """
    same = queries.rows[:, :, None] == keys.rows[:, None, :]
    before = keys.positions[:, None, :] <= queries.positions[:, :, None]
    branch = visible[queries.slots.clamp(min=0)[:, :, None], keys.slots.clamp(min=0)[:, None, :]]
    return same & torch.where(keys.slots[:, None, :] > 0, branch, before)
