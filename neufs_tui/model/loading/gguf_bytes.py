"""The header of a GGUF file as it lies there, read without its tensors.

The reader of the gguf package makes an object of every token, which takes many seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import calcsize, error, unpack_from

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_ALIGNMENT = 32
"""Of the tensors, unless the file names another."""


class DamagedGguf(Exception):
    """A file that is no GGUF file, or not a whole one."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One entry of the table of tensors."""

    n_weights: int
    kind: int
    """The number that ggml has for how it is stored."""
    offset: int
    """From the beginning of all tensors, in bytes."""


@dataclass(frozen=True, slots=True)
class StoredHeader:
    """All that stands before the tensors."""

    values: dict[str, str | int | float]
    """Of an array, how long it is."""
    tensors: tuple[StoredTensor, ...]
    tensors_at: int
    """Byte at which the first tensor begins."""


def read_stored_header(path: Path) -> StoredHeader:
    """Read what stands before a GGUF file's tensors.

    Raises:
        DamagedGguf: it is no GGUF file, of another version, or ends too early.
    """
    try:
        with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content:
            return _Cursor(content).header()
    except (error, ValueError, ArithmeticError) as cause:
        raise DamagedGguf("its header is damaged or cut short") from cause


class _Cursor:
    """A place in the file that moves on as it is read."""

    def __init__(self, content: mmap) -> None:
        self._content = content
        self._at = 0

    def header(self) -> StoredHeader:
        """Everything, from the first byte on."""
        if self._content[: len(_MAGIC)] != _MAGIC:
            raise DamagedGguf("it does not begin as a GGUF file does")
        self._at = len(_MAGIC)
        version = self._number("I")
        if version not in _VERSIONS:
            raise DamagedGguf(f"it is of version {version}, and versions 2 and 3 are read")
        n_tensors, n_values = self._number("Q"), self._number("Q")
        values = {self._string(): self._value(int(self._number("I"))) for _ in range(int(n_values))}
        tensors = tuple(self._tensor() for _ in range(int(n_tensors)))
        alignment = int(values.get("general.alignment", _ALIGNMENT))
        return StoredHeader(values, tensors, -(-self._at // alignment) * alignment)

    def _tensor(self) -> StoredTensor:
        self._string()
        shape = [int(self._number("Q")) for _ in range(int(self._number("I")))]
        return StoredTensor(prod(shape), int(self._number("I")), int(self._number("Q")))

    def _number(self, code: str) -> int | float:
        (value,) = unpack_from(f"<{code}", self._content, self._at)
        self._at += calcsize(code)
        return value  # type: ignore[no-any-return]

    def _string(self) -> str:
        length = int(self._number("Q"))
        self._skip(length)
        return self._content[self._at - length : self._at].decode()

    def _skip(self, n_bytes: int) -> None:
        self._at += n_bytes
        if self._at > len(self._content):
            raise DamagedGguf("its header is damaged or cut short")

    def _value(self, kind: int) -> str | int | float:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array()
        if kind not in _NUMBERS:
            raise DamagedGguf(f"its header holds a value of the unknown type {kind}")
        return self._number(_NUMBERS[kind])

    def _array(self) -> int:
        """The length of an array, which is passed over."""
        kind, length = int(self._number("I")), int(self._number("Q"))
        if kind in _NUMBERS:
            self._skip(length * calcsize(_NUMBERS[kind]))
        elif kind == _STRING:
            for _ in range(length):
                self._skip(int(self._number("Q")))
        else:
            raise DamagedGguf(f"its header holds an array of the unknown type {kind}")
        return length
