"""An Ollama Modelfile as Ollama's own parser reads it, rune by rune."""

from __future__ import annotations

from collections.abc import Iterator

from neufs_tui.export.formats.prompt_files import is_dropped

_BLANK, _LINE_END = " \t", "\r\n"


def read_modelfile(text: str) -> list[tuple[str, str]]:
    """The turns that it gives every chat: role and content, that of SYSTEM first.

    Raises:
        ValueError: a command or a role is none, a value does not end, or there is no FROM.
    """
    turns: list[tuple[str, str]] = []
    is_from_there = False
    for command, value in _commands(text):
        if command == "from":
            is_from_there = True
        elif command == "system":
            turns.insert(0, ("system", value))
        else:
            role, _, content = command.partition(" ")
            if role != "message" or content not in ("system", "user", "assistant"):
                raise ValueError(f"{command!r} is no command that was written")
            turns.append((content, value))
    if not is_from_there:
        raise ValueError("it has no FROM line")
    return turns


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command in lower case, with the role of a message, and its value."""
    place = 0
    while place < len(text):
        if text[place] in _BLANK + _LINE_END:
            place += 1
        elif text[place] == "#":
            place = _end_of_line(text, place)
        else:
            name, place = _word(text, place)
            command = name.lower()
            if command == "message":
                role, place = _word(text, place)
                command = f"message {role}"
            value, place = _value(text, place)
            yield command, value


def _word(text: str, place: int) -> tuple[str, int]:
    end = next((at for at in range(place, len(text)) if text[at] in _BLANK + _LINE_END), len(text))
    return text[place:end], end + 1


def _value(text: str, place: int) -> tuple[str, int]:
    """What is between quotes, or to the end of the line; line ends within quotes are of it."""
    end = _end_of_line(text, place)
    while True:
        written = "".join(one for one in text[place:end] if not is_dropped(one)).strip()
        if (value := _unquoted(written)) is not None:
            return value, end + 1
        if end == len(text):
            raise ValueError("a value in quotes does not end")
        end = _end_of_line(text, end + 1)


def _end_of_line(text: str, place: int) -> int:
    return next((at for at in range(place, len(text)) if text[at] in _LINE_END), len(text))


def _unquoted(written: str) -> str | None:
    """None where a quote is open."""
    for quote in ('"""', '"'):
        if written.startswith(quote):
            is_closed = len(written) >= 2 * len(quote) and written.endswith(quote)
            return written[len(quote) : -len(quote)] if is_closed else None
    return written
