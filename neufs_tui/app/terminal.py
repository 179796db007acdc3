"""What the terminal can show, told to Textual before it is imported."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, MutableMapping
from typing import Literal

from rich.cells import cell_len

Color = Literal["auto", "truecolor", "256", "16", "never"]

COLORS: tuple[Color, ...] = ("auto", "truecolor", "256", "16", "never")
"""What `--color` may say."""

_SYSTEMS = {"truecolor": "truecolor", "256": "256", "16": "standard"}
_TRUECOLOR_TERMS = frozenset(
    {
        *("alacritty", "contour", "foot", "foot-extra", "ghostty", "kitty", "rio", "wezterm"),
        *("xterm-direct", "xterm-ghostty", "xterm-kitty"),
    }
)
"""Names of terminals that show 16 million colours. Over SSH the name is all that is known of them,
and what Textual asks takes a name that it does not know for a terminal of 16 colours."""


def set_color(asked: str, environ: MutableMapping[str, str]) -> None:
    """Have Textual use so many colours; for `auto` what it finds out, where that is not known to be
    too little.

    Args:
        asked: one of `COLORS`.
        environ: of the process, before Textual is imported.
    """
    if asked == "never":
        environ["NO_COLOR"] = "1"
    elif asked in _SYSTEMS:
        environ["TEXTUAL_COLOR_SYSTEM"] = _SYSTEMS[asked]
    elif environ.get("TERM") in _TRUECOLOR_TERMS and not environ.get("COLORTERM"):
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "truecolor")


def has_few_colors(environ: Mapping[str, str]) -> bool:
    """Whether the terminal's own 16 colours are all there is to be used."""
    return environ.get("TEXTUAL_COLOR_SYSTEM") == "standard"


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the locale says that the terminal shows nothing but ASCII.

    >>> wants_ascii({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}), wants_ascii({"LANG": "C.UTF-8"})
    (True, False)
    """
    names = (environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name), "UTF-8")
    return "UTF" not in locale.upper()


class _StandIns(dict[int, str]):
    """For each character one of ASCII, or as many as it has cells."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code < 0x80:
            return char
        width = cell_len(char)
        plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        name = unicodedata.name(char, "")
        if len(plain) != width:
            is_box, is_block = name.startswith("BOX DRAWINGS"), "BLOCK" in name
            plain = ("+" if is_box else "#" if is_block else "?") * width
        self[code] = plain
        return plain


_ASCII = _StandIns(
    {
        **{ord(block): level for block, level in zip("▁▂▃▄▅▆▇█", "..:-=+*#", strict=True)},
        **dict.fromkeys(map(ord, "─━▔"), "-"),
        **dict.fromkeys(map(ord, "│┃▊▎▐▌"), "|"),
        **dict.fromkeys(map(ord, "·•"), "."),
        **dict.fromkeys(map(ord, "–—"), "-"),
        **{ord(sign): plain for sign, plain in zip("…›●≠✓→↑↓“”‘’", ".>*!v>^v\"\"''", strict=True)},
    }
)


def as_ascii(text: str) -> str:
    """Text as ASCII, in as many cells.

    >>> as_ascii("naïve · 你 ▇…")
    'naive . ?? *.'
    """
    return text.translate(_ASCII)
