"""Which key does what. Command keys, those of commands to come too, are no label's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from string import ascii_lowercase


class Action(StrEnum):
    """What the annotator can do besides labelling."""

    SKIP = "skip"
    UNDO = "undo"
    REDO = "redo"
    PICK = "pick"
    LOOK = "look"
    WHY = "why"
    OTHERS = "others"
    WORDS = "words"
    CURVE = "curve"
    FILE_ORDER = "file_order"
    SAVE = "save"
    HELP = "help"
    QUIT = "quit"
    SUSPEND = "suspend"
    LINE_DOWN = "line_down"
    LINE_UP = "line_up"
    PAGE_DOWN = "page_down"
    PAGE_UP = "page_up"
    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Command:
    """An action with the keys that call it."""

    action: Action
    keys: tuple[str, ...]
    """As Textual names them."""
    shown: str
    """The keys as people write them."""
    what: str
    """One phrase for the help screen."""


COMMANDS: tuple[Command, ...] = (
    Command(Action.SKIP, ("space",), "space", "skip this example"),
    Command(Action.UNDO, ("u", "backspace"), "u  backspace", "undo, as often as you like, any day"),
    Command(Action.REDO, ("r",), "r", "redo what was undone"),
    Command(Action.PICK, ("l",), "l", "find a label by typing a part of it"),
    Command(Action.LOOK, ("p",), "p", "the model's answer; that you looked is recorded"),
    Command(Action.WHY, ("w",), "w", "why this example, neuron by neuron"),
    Command(Action.OTHERS, ("e",), "e", "what random and entropy would have shown"),
    Command(Action.WORDS, ("i",), "i", "underline the words that switch its neurons on"),
    Command(Action.CURVE, ("c",), "c", "the learning curve, and what the labels changed"),
    Command(Action.LINE_DOWN, ("down", "j"), "↓  j", "scroll the text one line down"),
    Command(Action.LINE_UP, ("up", "k"), "↑  k", "scroll the text one line up"),
    Command(Action.PAGE_DOWN, ("pagedown",), "page down", "scroll the text one page down"),
    Command(Action.PAGE_UP, ("pageup",), "page up", "scroll the text one page up"),
    Command(Action.TOP, ("home",), "home", "to the beginning of the text"),
    Command(Action.BOTTOM, ("end",), "end", "to the end of the text"),
    Command(Action.FILE_ORDER, ("enter",), "enter", "label without a model that cannot load"),
    Command(Action.SAVE, ("ctrl+s",), "ctrl+s", "nothing to do: labels are saved at once"),
    Command(Action.SUSPEND, ("ctrl+z",), "ctrl+z", "to the shell; the model stays loaded"),
    Command(Action.HELP, ("question_mark", "f1", "h"), "?  f1  h", "this page"),
    Command(Action.QUIT, ("q", "ctrl+q"), "q  ctrl+q", "quit; nothing is ever unsaved"),
)
"""Every command, in the order in which the help screen lists them."""

ACTIONS: dict[str, Action] = {key: command.action for command in COMMANDS for key in command.keys}
"""The action behind each key."""

SCROLLING: frozenset[Action] = frozenset(
    {
        Action.LINE_DOWN,
        Action.LINE_UP,
        Action.PAGE_DOWN,
        Action.PAGE_UP,
        Action.TOP,
        Action.BOTTOM,
    }
)
"""Actions that move the text and nothing else."""

PALETTE: dict[Action, str] = {
    Action.SKIP: "Skip this example",
    Action.UNDO: "Undo",
    Action.REDO: "Redo",
    Action.PICK: "Find a label",
    Action.LOOK: "The model's answer",
    Action.WHY: "Why this example",
    Action.OTHERS: "What other rules would show",
    Action.WORDS: "Words behind the neurons",
    Action.CURVE: "Learning curve",
    Action.HELP: "Keys, task and labels",
}
"""Actions that the command palette adds to its own, with their names there."""

FOOTER: tuple[tuple[str, str], ...] = (
    ("space", "skip"),
    ("u", "undo"),
    ("r", "redo"),
    ("l", "find"),
    ("w", "why"),
    ("p", "model"),
    ("?", "help"),
    ("q", "quit"),
)
"""Keys named on the last line of the screen, with what they do; at most eight."""

RESERVED: frozenset[str] = frozenset("bfgnvx")
"""Letters kept for commands to come, so that no label has to change its key for them."""

LABEL_KEYS: tuple[str, ...] = (
    *"1234567890",
    *(letter for letter in ascii_lowercase if letter not in RESERVED.union(ACTIONS)),
)
"""Keys that labels may have, in the order in which they get them."""


def allocate(n_labels: int) -> tuple[str, ...]:
    """Keys of the first labels, in label order, whatever the window; the others have none."""
    return LABEL_KEYS[:n_labels]
