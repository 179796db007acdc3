"""Names of labels: which are one name for a reader, though not for a program."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_INVISIBLE = "\u200b\u2060\ufeff"


def label_key(name: str) -> str:
    """What names have in common that differ in Unicode form, case or outer blanks at most."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    stripped = ""
    while stripped != folded:
        stripped, folded = folded, folded.strip().strip(_INVISIBLE)
    return folded


def first_clash(names: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that are one for a reader, in their order; None without such."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(label_key(name), name)) != name:
            return other, name
    return None


def told_apart(name: str, other: str) -> str:
    """A name in quotes, with escapes where it would look like the other without them."""
    same = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)
    return ascii(name) if same else repr(name)
