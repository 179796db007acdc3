"""Packed sequences: everything in its place, and nothing sees its neighbour."""

from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.model.answers import build_answer_tree
from neufs_tui.model.packing import NOTHING, Piece, attention, lay_out, pack


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 50))
def test_packing_keeps_the_order_and_the_room(lengths: list[int], room: int) -> None:
    sequences = pack(lengths, room)
    assert [place for places in sequences for place in places] == list(range(len(lengths)))
    widest = max(room, *lengths)
    assert all(sum(lengths[place] for place in places) <= widest for places in sequences)
    for one, other in pairwise(sequences):
        assert sum(lengths[place] for place in one) + lengths[other[0]] > widest


def piece(row: int, length: int) -> Piece:
    slots = torch.full((length,), NOTHING)
    slots[-1] = 0
    return Piece(row, torch.arange(length) + 10 * row, torch.arange(length), slots)


def test_a_token_sees_its_own_prompt_and_its_own_branch_only() -> None:
    answers = build_answer_tree([(5, 6, 7), (5, 8, 7), (9, 9)])
    slots = torch.arange(1, answers.n_slots)

    def branches(row: int, length: int) -> Piece:
        return Piece(row, answers.tokens[slots], length - 1 + answers.depths[slots], slots)

    first = lay_out([[piece(0, 3), piece(1, 2)], [piece(2, 4)]], pad_id=99)
    second = lay_out([[branches(0, 3), branches(1, 2)], [branches(2, 4)]], pad_id=99)
    keys = first.beside(second)
    allowed = attention(second, keys, answers.visible)
    path_of = {0: ()}
    for candidate, path in zip(answers.candidates, answers.candidate_slots.tolist(), strict=True):
        for length in range(1, len(candidate)):
            path_of[path[length]] = candidate[:length]
    for sequence, query, key in torch.ones_like(allowed).nonzero().tolist():
        row, slot = second.rows[sequence, query].item(), second.slots[sequence, query].item()
        key_row, key_slot = keys.rows[sequence, key].item(), keys.slots[sequence, key].item()
        expected = row == key_row
        if expected and row != NOTHING and key_slot > 0:
            beginning = path_of[key_slot]
            expected = path_of[slot][: len(beginning)] == beginning
        assert allowed[sequence, query, key].item() == expected


def test_prompts_are_causal() -> None:
    columns = lay_out([[piece(0, 3), piece(1, 2)]], pad_id=99)
    visible = build_answer_tree([(1,)]).visible
    expected = torch.block_diag(torch.ones(3, 3).tril(), torch.ones(2, 2).tril()).bool()
    assert torch.equal(attention(columns, columns, visible)[0], expected)
    assert torch.equal(attention(columns[slice(3, 5)], columns, visible)[0], expected[3:])
