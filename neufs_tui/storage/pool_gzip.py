"""Pools that are gzipped: unpacked in memory, whole or from their beginning on.

The bytes say whether one is; a name that ends in `.gz` says that it has to be.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from neufs_tui.errors import PoolError
from neufs_tui.storage.pool_lines import source_name

_MAGIC = b"\x1f\x8b"
"""Bytes that a gzip file begins with, and no text in any encoding that is read."""


def unpacked(raw: bytes, source: str) -> bytes:
    """A pool's bytes, unpacked if they are gzipped.

    Raises:
        PoolError: they break off or are damaged, or are not gzipped as their name says.
    """
    if not _is_packed(raw, source):
        return raw
    with _told(source):
        return gzip.decompress(raw)


def beginning(stream: BinaryIO, source: str, n_bytes: int) -> tuple[bytes, bool]:
    """The first bytes of a pool, unpacked if they are gzipped, and whether they are.

    Raises:
        PoolError: they break off or are damaged, or are not gzipped as their name says.
    """
    raw = stream.read(n_bytes)
    if not _is_packed(raw, source):
        return raw, False
    stream.seek(0)
    with _told(source):
        return gzip.GzipFile(fileobj=stream).read(n_bytes), True


def _is_packed(raw: bytes, source: str) -> bool:
    is_packed = raw.startswith(_MAGIC)
    if not is_packed and Path(source).suffix.lower() == ".gz":
        raise PoolError(
            f"{source} is no gzip file, although its name says so",
            hint="name it without .gz, or download it again",
        )
    return is_packed


@contextmanager
def _told(source: str) -> Iterator[None]:
    name = source_name(source)
    try:
        yield
    except EOFError as error:
        raise PoolError(
            f"{name} breaks off: its end, as gzip marks it, is missing",
            hint="copy or download it again",
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise PoolError(
            f"{name} is gzipped and damaged: {error}", hint="copy or download it again"
        ) from error
