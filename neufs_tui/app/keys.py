"""Which key does what: the commands as bindings.

A command's id is its name in `[keys]`, its description its title in the palette, its tooltip what
the help page says of it. Commands act before anything else hears of a key, in the order in which
keys are read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import chain
from string import ascii_lowercase
from typing import Any

from textual.binding import Binding, BindingType
from textual.keys import format_key
from textual.screen import Screen


def _command(
    name: str, keys: str, what: str, title: str = "", *, action: str = "", footer: bool = False
) -> Binding:
    """A command of the labelling screen; without a title it is not in the palette."""
    return Binding(keys, action or name, title, id=name, tooltip=what, show=footer, priority=True)


SCROLLING: tuple[Binding, ...] = tuple(
    _command(name, keys, what, action=f"scroll('{to}')")
    for name, keys, what, to in (
        ("line_down", "down,j", "scroll the text one line down", "down"),
        ("line_up", "up,k", "scroll the text one line up", "up"),
        ("page_down", "pagedown", "scroll the text one page down", "page_down"),
        ("page_up", "pageup", "scroll the text one page up", "page_up"),
        ("top", "home", "to the beginning of the text", "home"),
        ("bottom", "end", "to the end of the text", "end"),
    )
)
"""Commands that move the text and nothing else."""

SUSPEND = Binding(
    "ctrl+z",
    "suspend_process",
    id="suspend",
    tooltip="to the shell; the model stays loaded",
    show=False,
)
PALETTE = Binding(
    "ctrl+p",
    "app.command_palette",
    id="palette",
    tooltip="every action by name, and the colours",
    show=False,
)

COMMANDS: tuple[Binding, ...] = (
    _command("skip", "space", "skip this example", "Skip this example", footer=True),
    _command("undo", "u,backspace", "undo, as often as you like, any day", "Undo", footer=True),
    _command("redo", "r", "redo what was undone", "Redo"),
    _command(
        "list",
        "slash",
        "every example: search, filter, change answers, many at once",
        "All examples",
        footer=True,
    ),
    _command("find", "l", "find a label by typing a part of it", "Find a label"),
    _command(
        "hunt",
        "g",
        "show likely examples of one label first; again: as before",
        "Hunt",
        footer=True,
    ),
    _command(
        "flag",
        "f",
        "flag this example: its label stays out of prompts and exports",
        "Flag",
        footer=True,
    ),
    _command("note", "n", "write a note on this example", "Note"),
    _command(
        "offer", "b", "bring back what was skipped, to be offered again", "Bring back the skipped"
    ),
    _command("why", "w", "why this example, neuron by neuron", "Why this example", footer=True),
    _command(
        "model",
        "p",
        "the model's answer; that you looked is recorded",
        "The model's answer",
    ),
    _command(
        "others", "e", "what random and entropy would have shown", "What other rules would show"
    ),
    _command(
        "words", "i", "underline the words that switch its neurons on", "Words behind the neurons"
    ),
    _command(
        "prompt",
        "P",
        "what the model reads, token by token, and what each label costs",
        "The exact prompt",
    ),
    _command("suggest", "v", "rows of one label that is all but certain, to accept", "Suggestions"),
    _command("curve", "c", "the learning curve, and what the labels changed", "Learning curve"),
    *SCROLLING,
    _command(
        "reload",
        "R",
        "take in the pool's file as it is now",
        "Take in the changed pool",
        action="app.reload",
    ),
    _command(
        "ahead", "greater_than_sign", "the next five, as they would come now", "What comes next"
    ),
    _command(
        "guide",
        "h",
        "what you go by: guidelines, labels, examples of each",
        "Guidelines and labels",
    ),
    _command(
        "copy",
        "Y",
        "copy the text: into tmux's buffer, the terminal's clipboard or a file",
        "Copy the text",
    ),
    _command("export", "x", "write the set for what you prompt with: formats, preview", "Export"),
    _command("save", "ctrl+s", "nothing to do: labels are saved at once"),
    SUSPEND,
    _command("help", "question_mark,f1", "this page", "Keys and words", footer=True),
    _command(
        "quit", "q,ctrl+q", "quit; nothing is ever unsaved", "Quit", action="app.quit", footer=True
    ),
    PALETTE,
)
"""Every command, in the order in which footer and help page list them."""

SCREEN_COMMANDS: tuple[Binding, ...] = tuple(
    command for command in COMMANDS if command not in (SUSPEND, PALETTE)
)
"""Commands of the labelling screen; the others are the app's."""

DEFAULT_KEYS: dict[str, tuple[str, ...]] = {
    str(command.id): tuple(command.key.split(",")) for command in COMMANDS
}
"""Command → its keys where the configuration says nothing."""

LABEL_KEYS: tuple[str, ...] = (
    *"1234567890",
    *(letter for letter in ascii_lowercase if letter not in {*chain(*DEFAULT_KEYS.values())}),
)
"""Keys that labels may have, in the order in which they get them."""

LABEL = Binding(
    ",".join(LABEL_KEYS),
    "label",
    id="label",
    tooltip="give the label printed beside the key",
    key_display="1 2 3 …",
    priority=True,
)
"""One binding for all labels: its action looks up whose the key is."""

_WRITTEN = {
    "backspace": "backspace",
    "enter": "enter",
    "pagedown": "page down",
    "pageup": "page up",
}
"""Keys that people write otherwise than Textual does."""


def allocate(n_labels: int, taken: Collection[str] = ()) -> tuple[str, ...]:
    """Keys of the first labels, in label order, whatever the window; the others have none.

    Args:
        n_labels: labels of the task.
        taken: keys that the configuration gives to commands.
    """
    return tuple(key for key in LABEL_KEYS if key not in taken)[:n_labels]


def closed_by(*names: str) -> list[BindingType]:
    """What closes a screen that lies over another: escape, and the keys of some commands."""
    escape = Binding("escape", "dismiss", tooltip="close this page")
    return [escape, *(borrowed(name, "dismiss") for name in (*names, "quit")), PALETTE]


def borrowed(name: str, action: str) -> Binding:
    """A command's keys for something else, on a screen that lies over another."""
    (command,) = (one for one in COMMANDS if one.id == name)
    return replace(command, action=action, description="", priority=False)


def bound(screen: Screen[Any]) -> list[Binding]:
    """What a screen's keys do as they are now, a binding for each of its commands.

    Each holds all its keys, the first to be named alone first, and how people write them.
    """
    found: dict[str, list[Binding]] = {}
    for active in screen.active_bindings.values():
        if active.binding.id is not None:
            found.setdefault(active.binding.id, []).append(active.binding)
    order = [str(LABEL.id), *DEFAULT_KEYS]
    return [_together(found[name]) for name in order if name in found]


def first_key(binding: Binding) -> str:
    """The key to name where there is room for one, as people write it."""
    return written(binding.key.split(",")[0])


def written(key: str) -> str:
    """A key as people write it.

    >>> written("question_mark"), written("pagedown"), written("ctrl+s"), written("u")
    ('?', 'page down', 'ctrl+s', 'u')
    """
    return _WRITTEN.get(key) or format_key(key)


def _together(bindings: list[Binding]) -> Binding:
    """One binding of those of a command, each of which has one of its keys."""
    keys = list(dict.fromkeys(one.key for one in bindings))
    display = bindings[0].key_display or "  ".join(map(written, keys))
    return bindings[0].with_key(",".join(keys), display)
