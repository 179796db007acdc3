"""Text made fit to be shown: what would steer a terminal visible, nouns as their number asks."""

from __future__ import annotations

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: "␡",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *_BIDI, 0xFEFF)},
    **{code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)},
}

_ESCAPED = {code: f"\\u{code:04x}" for code in _VISIBLE if code >= 0x7F}
"""Of these, what JSON may hold as it is."""


def visible(text: str) -> str:
    """Text with every control character shown by a sign of its own.

    Line ends and tabs stay. Marks that turn the direction of writing are shown too, since they
    would reorder what stands around them; letters that run from right to left stay.
    """
    return text.replace("\r\n", "\n").translate(_VISIBLE)


def one_line(text: str) -> str:
    """Text with its runs of white space, line ends included, drawn together to one space each."""
    return visible(" ".join(text.split()))


def escaped_json(text: str) -> str:
    """JSON with what would steer a terminal escaped; it says the same."""
    return text.translate(_ESCAPED)


def plural(n: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> plural(1, "label"), plural(2_000, "label"), plural(0, "text holds", "texts hold")
    ('1 label', '2,000 labels', '0 texts hold')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def byte_size(n_bytes: float) -> str:
    """Bytes in words, in units of a thousand.

    >>> byte_size(16_060_000_000), byte_size(541_600_000), byte_size(1_200)
    ('16.1 GB', '542 MB', '1 kB')
    """
    if n_bytes >= 999.5e6:
        return f"{n_bytes / 1e9:,.1f} GB"
    return f"{n_bytes / 1e6:,.0f} MB" if n_bytes >= 999.5e3 else f"{n_bytes / 1e3:,.0f} kB"
