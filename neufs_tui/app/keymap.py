"""What the configuration makes of the commands' keys."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, InvalidBinding
from textual.keys import KEY_ALIASES, Keys, key_to_character

from neufs_tui.app.keys import DEFAULT_KEYS, LABEL_KEYS, written
from neufs_tui.errors import UsageError

_TEXTUALS = {
    "escape": "closing a page",
    "tab": "moving on",
    "shift+tab": "moving back",
    "ctrl+c": "copying",
    "ctrl+q": "quitting",
}
"""Keys that do something whatever the configuration says."""

_DIGITS = LABEL_KEYS[:10]
"""Keys of the first labels, which do not give way to commands as the letters do."""

_CANONICAL = {alias: key for key, aliases in KEY_ALIASES.items() for alias in aliases}
"""Chords that a terminal sends as another key."""

_KEY_NAMES = frozenset(str(key.value) for key in Keys)
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super"})


def configured(said: Mapping[str, str]) -> dict[str, str]:
    """Check what the configuration says of keys.

    Args:
        said: command → keys, separated by commas.

    Returns:
        The same, with each key as Textual names it: what `App.set_keymap` takes.

    Raises:
        UsageError: there is no such command or key, or a key would do two things.
    """
    keys = {name: _parsed(name, text) for name, text in said.items()}
    owners: dict[str, str] = {}
    for name, its in (DEFAULT_KEYS | keys).items():
        for key in its:
            other = owners.setdefault(key, name)
            if other != name:
                raise _refused(f"keys.{other} and keys.{name} are both on {written(key)}")
            if key in _TEXTUALS and key not in DEFAULT_KEYS[name]:
                raise _refused(f"keys.{name} is on {written(key)}, which is for {_TEXTUALS[key]}")
            if key in _DIGITS:
                place = LABEL_KEYS.index(key) + 1
                raise _refused(f"keys.{name} and label {place} are both on {key}")
    return {name: ",".join(its) for name, its in keys.items()}


def _parsed(name: str, text: str) -> tuple[str, ...]:
    if name not in DEFAULT_KEYS:
        raise UsageError(
            f"keys.{name}: there is no such command",
            hint=f"the commands are {', '.join(DEFAULT_KEYS)}",
        )
    try:
        keys = [one.key for one in Binding.make_bindings([Binding(text, "")])]
    except InvalidBinding as error:
        raise UsageError(
            f"keys.{name} = {text!r}: a key is missing",
            hint='write keys as in "u" or "u,backspace"',
        ) from error
    for key in keys:
        *chord, last = key.split("+")
        is_known = last in _KEY_NAMES or key_to_character(last) is not None
        if not is_known or not _MODIFIERS.issuperset(chord):
            raise UsageError(
                f"keys.{name} = {text!r}: there is no key {key!r}",
                hint='keys are written as "u", "?", "f2", "ctrl+s", "backspace" and "pagedown"',
            )
    return tuple(dict.fromkeys(_CANONICAL.get(key, key) for key in keys))


def _refused(message: str) -> UsageError:
    return UsageError(message, hint="name another key under [keys] in neufs.toml or config.toml")
