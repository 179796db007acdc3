"""Command keys are reserved first; labels get what is left, also once keys are configured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding

from neufs_tui.app.keymap import configured
from neufs_tui.app.keys import COMMANDS, DEFAULT_KEYS, LABEL, LABEL_KEYS, allocate
from neufs_tui.app.main import LabelApp
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.errors import UsageError

FORBIDDEN = {
    *("ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+enter", "ctrl+backspace"),
    *(f"alt+{digit}" for digit in range(10)),
}
KEYS = [key for keys in DEFAULT_KEYS.values() for key in keys]


def test_the_first_ten_labels_have_digits() -> None:
    assert allocate(10) == tuple("1234567890")


@pytest.mark.parametrize("n_labels", [1, 2, 11, 25, 77])
def test_no_label_has_a_command_key_or_another_labels_key(n_labels: int) -> None:
    keys = allocate(n_labels)
    assert not set(keys) & (set(KEYS) | set("bfgnvx"))
    assert len(set(keys)) == len(keys) == min(n_labels, len(LABEL_KEYS))


@given(st.integers(1, 90), st.integers(1, 90), st.sets(st.sampled_from(LABEL_KEYS[10:])))
def test_more_labels_change_no_labels_key(fewer: int, more: int, taken: set[str]) -> None:
    fewer, more = sorted((fewer, more))
    before = allocate(fewer, taken)
    assert allocate(more, taken)[: len(before)] == before
    assert not taken & {*before}
    assert allocate(10, taken) == tuple("1234567890")


def test_no_key_calls_two_commands() -> None:
    assert len(KEYS) == len(set(KEYS))


def test_the_commands_are_what_the_app_and_its_screen_bind() -> None:
    bound = [one for one in (*LabelApp.BINDINGS, *LabelScreen.BINDINGS) if isinstance(one, Binding)]
    assert {one.id for one in bound} == {*DEFAULT_KEYS, LABEL.id}
    assert len(bound) == len(COMMANDS) + 1
    assert all(one.id and one.tooltip for one in bound)


def test_no_command_needs_a_chord_that_terminals_swallow() -> None:
    assert not FORBIDDEN & set(KEYS)


def test_every_chord_has_a_plain_twin_or_only_reassures() -> None:
    chords = {
        name for name, keys in DEFAULT_KEYS.items() if all(key.startswith("ctrl+") for key in keys)
    }
    assert chords == {"save", "suspend", "palette"}


def test_the_footer_names_at_most_eight_keys() -> None:
    assert 0 < sum(command.show for command in COMMANDS) <= 8


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ({}, {}),
        ({"undo": "u,backspace"}, {"undo": "u,backspace"}),
        ({"undo": " u , a, u "}, {"undo": "u,a"}),
        ({"help": "?"}, {"help": "question_mark"}),
        ({"undo": "r", "redo": "u"}, {"undo": "r", "redo": "u"}),
        ({"quit": "z,ctrl+q"}, {"quit": "z,ctrl+q"}),
        ({"skip": "ctrl+m"}, {"skip": "enter"}),
        ({"top": "comma", "bottom": "shift+end"}, {"top": "comma", "bottom": "shift+end"}),
    ],
)
def test_keys_are_taken_as_textual_names_them(said: dict[str, str], keys: dict[str, str]) -> None:
    assert configured(said) == keys


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"undo": "r"}, ("keys.undo", "keys.redo", " r")),
        ({"undo": "z", "why": "?, z"}, ("keys.undo", "keys.why", " z")),
        ({"help": "w"}, ("keys.help", "keys.why", " w")),
        ({"save": "space"}, ("keys.save", "keys.skip", "space")),
        ({"suspend": "p"}, ("keys.suspend", "keys.model", " p")),
        ({"undo": "1"}, ("keys.undo", "label 1", "1")),
        ({"skip": "x,0"}, ("keys.skip", "label 10", "0")),
        ({"quit": "escape"}, ("keys.quit", "esc", "closing a page")),
        ({"why": "ctrl+c"}, ("keys.why", "ctrl+c", "copying")),
        ({"why": "ctrl+q"}, ("keys.why", "ctrl+q", "quitting")),
        ({"why": "ctrl+q", "quit": "z"}, ("keys.why", "ctrl+q", "quitting")),
        ({"why": "tab"}, ("keys.why", "tab")),
        ({"why": "ctrl+i"}, ("keys.why", "tab")),
        ({"why": "ctrl+m", "skip": "enter"}, ("keys.why", "keys.skip", "enter")),
        ({"chase": "b"}, ("keys.chase", "no such command")),
        ({"label": "a,d"}, ("keys.label", "no such command")),
        ({"undo": ""}, ("keys.undo", "missing")),
        ({"undo": "u,,b"}, ("keys.undo", "missing")),
        ({"undo": "  "}, ("keys.undo", "missing")),
        ({"undo": "backspce"}, ("keys.undo", "backspce")),
        ({"undo": "control+u"}, ("keys.undo", "control+u")),
    ],
)
def test_what_cannot_be_is_refused_and_both_are_named(
    said: dict[str, str], named: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError) as refused:
        configured(said)
    assert all(name in refused.value.message for name in named)
    assert refused.value.hint


@given(
    st.dictionaries(
        st.sampled_from(sorted(DEFAULT_KEYS)),
        st.lists(st.sampled_from([*KEYS, *LABEL_KEYS, "b", "x", "f9", "escape"]), max_size=3).map(
            ",".join
        ),
        max_size=4,
    )
)
def test_whatever_is_taken_leaves_each_key_one_meaning(said: dict[str, str]) -> None:
    try:
        keys = configured(said)
    except UsageError:
        return
    assert keys.keys() == said.keys()
    now = {name: ",".join(its) for name, its in DEFAULT_KEYS.items()} | keys
    all_keys = ",".join(now.values()).split(",")
    assert len(all_keys) == len(set(all_keys))
    assert "escape" not in all_keys
    assert not set(allocate(90, all_keys)) & set(all_keys)
