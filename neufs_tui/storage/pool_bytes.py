"""A pool's bytes → text: the encoding they are in, and those that it has no character for.

A byte order mark decides, then what was said, then UTF-8 if every byte fits it, then what the
session remembers; a file that fits none of them is UTF-8 with bytes that cannot be read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from neufs_tui.errors import PoolError

_UTF8 = "UTF-8"
_MARKS = (
    (codecs.BOM_UTF8, _UTF8),
    (codecs.BOM_UTF32_LE, "UTF-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_ESCAPED = re.compile("[\udc80-\udcff]")
_PROBED = 4096
"""Bytes in which the zeros of UTF-16 without a mark are looked for."""
_AROUND = 16
"""Characters shown on each side of the one in question."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A pool's text."""

    text: str
    """Without a mark; a byte that has no character is U+DC00 + its value."""
    encoding: str = _UTF8
    """As messages call it."""
    named: str | None = None
    """The encoding that was said or remembered, if it is the one in use."""
    notice: str = ""
    """What is to be known of the encoding; empty for UTF-8 that nobody named."""


def decode(raw: bytes, source: str, *, said: str | None, remembered: str | None) -> Decoded:
    """Find the encoding of a pool and read it.

    Args:
        raw: the whole file.
        source: the pool as messages call it.
        said: encoding named for this file.
        remembered: encoding named for the file that was here the last time.

    Raises:
        PoolError: the bytes are UTF-16 without a mark, or break off within a character.
    """
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    if marked is not None:
        notice = "" if marked == _UTF8 else f"read as {marked}, by its mark"
        return Decoded(_text(raw, source, marked), marked, notice=notice)
    utf8 = _utf8(raw)
    if said is not None:
        text = _text(raw, source, said)
        although = "" if utf8 is None or raw.isascii() else ", although it is valid UTF-8"
        return Decoded(text, said, said, "" if text == utf8 else f"read as {said}{although}")
    if remembered is not None and (utf8 is None or raw.isascii()):
        text = _text(raw, source, remembered)
        notice = "" if text == utf8 else f"read as {remembered}, as the last time"
        return Decoded(text, remembered, remembered, notice)
    if (zeros := _utf16_without_mark(raw)) is not None:
        raise PoolError(
            f"{source} is UTF-16 without a mark that says so",
            hint=f"read it with --encoding {zeros}",
        )
    return Decoded(_text(raw, source, _UTF8) if utf8 is None else utf8)


def undecoded(text: str) -> tuple[int, int] | None:
    """Place, counted from 0, and value of the first byte without a character; None without one."""
    if text.isascii() or (found := _ESCAPED.search(text)) is None:
        return None
    return found.start(), ord(found.group()) - 0xDC00


def other_encoding(lines: Iterable[str]) -> str:
    """The encoding that a file read as UTF-8 is in, as a hint; empty when it is UTF-8 indeed.

    It is another when of the lines with more than ASCII most cannot be decoded.
    """
    beyond = [line for line in lines if not line.isascii()]
    broken = [line for line in beyond if undecoded(line) is not None]
    if not broken or 2 * len(broken) <= len(beyond):
        return ""
    guess = "cp1252" if all(map(_is_cp1252, broken)) else "latin-1"
    first = broken[0]
    before, _ = undecoded(first) or (0, 0)
    start = len(_bytes(first[:before]).decode(guess))
    sample = _bytes(first).decode(guess)[max(0, start - _AROUND) : start + _AROUND].strip()
    return (
        f"read it with --encoding {guess} if {sample!r} is right, "
        "or else with --encoding and the name of the one it is in"
    )


def _text(raw: bytes, source: str, encoding: str) -> str:
    try:
        return raw.decode(encoding, "surrogateescape").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise PoolError(
            f"{source} is not {encoding}: {error.reason} at byte {error.start + 1:,}",
            hint="name the encoding it was saved in with --encoding",
        ) from error


def _utf8(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _is_cp1252(line: str) -> bool:
    try:
        _bytes(line).decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _bytes(line: str) -> bytes:
    """The bytes of a line that was read as UTF-8."""
    return line.encode("utf-8", "surrogateescape")


def _utf16_without_mark(raw: bytes) -> str | None:
    """Which UTF-16 it is when every second byte of mostly Western text is zero."""
    probe = raw[:_PROBED]
    for name, high in (("utf-16-le", probe[1::2]), ("utf-16-be", probe[::2])):
        if 2 * high.count(0) > len(high) > 0:
            return name
    return None
