"""Command keys are reserved first; labels get what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.app.keys import ACTIONS, COMMANDS, FOOTER, LABEL_KEYS, allocate

FORBIDDEN = {
    *("ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+enter", "ctrl+backspace"),
    *(f"alt+{digit}" for digit in range(10)),
}


def test_the_first_ten_labels_have_digits() -> None:
    assert allocate(10) == tuple("1234567890")


@pytest.mark.parametrize("n_labels", [1, 2, 11, 25, 77])
def test_no_label_has_a_command_key_or_another_labels_key(n_labels: int) -> None:
    keys = allocate(n_labels)
    assert not set(keys) & (set(ACTIONS) | set("bfgnvx"))
    assert len(set(keys)) == len(keys) == min(n_labels, len(LABEL_KEYS))


@given(st.integers(1, 90), st.integers(1, 90))
def test_more_labels_change_no_labels_key(fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert allocate(more)[: len(allocate(fewer))] == allocate(fewer)


def test_no_key_calls_two_commands() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


def test_no_command_needs_a_chord_that_terminals_swallow() -> None:
    assert not FORBIDDEN & set(ACTIONS)


def test_every_chord_has_a_plain_twin_or_only_reassures() -> None:
    chords = {c.action for c in COMMANDS if all(key.startswith("ctrl+") for key in c.keys)}
    assert chords == {"save", "suspend"}


def test_the_footer_names_at_most_eight_keys() -> None:
    assert len(FOOTER) <= 8
