"""Pools that are Parquet, or a folder with a data set of Hugging Face `datasets` → rows.

What `save_to_disk` wrote is read from its Arrow files, and any other folder by `datasets`, which
knows how such folders are described. Nothing is fetched, and nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from neufs_tui.errors import NeufsError, PoolError, first_line
from neufs_tui.storage.arrow_rows import ArrowRows
from neufs_tui.storage.pool_lines import GoodLine
from neufs_tui.storage.pool_place import (
    CARDS,
    SAVED_SPLITS,
    cannot_open,
    header,
    holds_data,
    names_split,
    pool_files,
)
from neufs_tui.storage.pool_rows import listed

if TYPE_CHECKING:
    import pyarrow as pa

_STATE = "state.json"
"""What `Dataset.save_to_disk` writes beside the Arrow files, which it names."""
_BATCH = 1000
"""Rows that become Python's at once."""
_USUAL = "train"
"""The split that is read unless another is named."""
_LIBRARIES = {"datasets", "pyarrow"}
"""What the extra `data` brings."""


class _Table(Protocol):
    """Where rows come from."""

    schema: pa.Schema
    n_rows: int | None
    """None where they would have to be read to be counted."""

    def batches(self, start: int, columns: list[str]) -> Iterator[Any]:
        """Batches with at least some columns, from a row on; from 0 on without a number of rows."""


class TableReader:
    """The rows of one pool, in their order."""

    named_encoding = None
    encoding_hint = ""
    unit = "row"
    """What line numbers count."""

    def __init__(self, source: str) -> None:
        """Look at its columns.

        Args:
            source: a Parquet file, a folder, or a split of one.

        Raises:
            PoolError: it is none that can be read, or has no such split.
        """
        self.name = source
        """The pool as messages call it."""
        with _told(source):
            self._table, notice = _open(source)
            self._maker = ArrowRows(self._table.schema)
        out = self._maker.left_out
        left_out = f"left out, as bytes are no text: {listed(out)}" if out else ""
        self.notices = tuple(filter(None, (notice, left_out)))
        """What was found that is not plain from its name."""

    @property
    def n_rows(self) -> int | None:
        """Rows, as far as that is known before they are read."""
        return self._table.n_rows

    def __iter__(self) -> Iterator[GoodLine]:
        """Read to the end.

        Raises:
            PoolError: it cannot be read on.
        """
        return (GoodLine(number, row) for number, row in enumerate(self.rows(), start=1))

    def rows(self, start: int = 0) -> Iterator[dict[str, object]]:
        """Rows from one on, which is 0 where their number is not known.

        Raises:
            PoolError: it cannot be read on.
        """
        batches, maker = self._table.batches(start, self._maker.columns), self._maker
        while True:
            with _told(self.name):
                batch = next(batches, None)
                if batch is None:
                    return
                if batch.schema != maker.schema:
                    maker = ArrowRows(batch.schema)
                rows = maker.rows(batch)
            yield from rows


def _open(source: str) -> tuple[_Table, str]:
    """A pool's table, and which split of several it is."""
    path = Path(source)
    if path.suffix.lower() == ".parquet" and not path.is_dir():
        return _Parquet(path), ""
    folder, split = (path.parent, path.name) if names_split(path) else (path, None)
    if (folder / SAVED_SPLITS).is_file():
        names = json.loads((folder / SAVED_SPLITS).read_text())["splits"]
        chosen, notice = _choose(folder, names, split)
        return _Saved(folder / chosen), notice
    if (folder / _STATE).is_file():
        return _Saved(folder), ""
    if not any(holds_data(one) for one in pool_files(str(folder))):
        raise PoolError(
            f"{source} is a folder without a data set", hint="give the file that holds the texts"
        )
    splits = _load(folder)
    chosen, notice = _choose(folder, [*splits], split)
    return _Loaded(splits[chosen]), notice


def _choose(folder: Path, splits: list[str], named: str | None) -> tuple[str, str]:
    """The split that is read, and what is said of the others."""
    if named is not None:
        if named not in splits:
            raise PoolError(
                f"{folder} has no split {named!r}", hint=f"name one that it has: {listed(splits)}"
            )
        return named, ""
    chosen = _USUAL if _USUAL in splits else splits[0]
    others = [one for one in splits if one != chosen]
    if others:
        how = f"name another as {folder / others[0]}"
        return chosen, f"the split {chosen!r} is read, and not {listed(others)}: {how}"
    return chosen, "" if chosen == _USUAL else f"the split {chosen!r} is read, the only one"


class _Parquet:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        from pyarrow import parquet

        self._file = parquet.ParquetFile(path)
        self.schema = self._file.schema_arrow
        self.n_rows: int | None = self._file.metadata.num_rows

    def batches(self, start: int, columns: list[str]) -> Iterator[Any]:
        metadata = self._file.metadata
        groups = [*range(metadata.num_row_groups)]
        while groups and start >= (n_rows := metadata.row_group(groups[0]).num_rows):
            start -= n_rows
            groups.pop(0)
        for batch in self._file.iter_batches(_BATCH, row_groups=groups, columns=columns):
            yield batch.slice(start)
            start = max(0, start - batch.num_rows)


class _Saved:
    """What `Dataset.save_to_disk` wrote."""

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa

        parts = []
        for file in json.loads((folder / _STATE).read_text()).get("_data_files", []):
            with pa.memory_map(str(folder / file["filename"])) as mapped:
                parts.append(pa.ipc.open_stream(mapped).read_all())
        self._table = pa.concat_tables(parts)
        self.schema = self._table.schema
        self.n_rows: int | None = self._table.num_rows

    def batches(self, start: int, columns: list[str]) -> Iterator[Any]:
        yield from self._table.select(columns).slice(start).to_batches(_BATCH)


class _Loaded:
    """One split of what `datasets` makes of a folder, batch by batch."""

    n_rows: int | None = None

    def __init__(self, split: Any) -> None:
        import pyarrow as pa

        self._rows = split.with_format("arrow")
        first = next(self._rows.iter(_BATCH), None)
        self.schema = first.schema if first is not None else pa.schema([])

    def batches(self, start: int, columns: list[str]) -> Iterator[Any]:
        yield from self._rows.iter(_BATCH)


def _load(folder: Path) -> dict[str, Any]:
    """The splits of a folder, as `datasets` finds them."""
    import datasets
    import yaml

    for card in CARDS:
        described = yaml.safe_load(header(folder / card))
        if isinstance(described, dict) and "://" in str(described.get("configs")):
            raise PoolError(
                f"{folder / card} names files elsewhere, and nothing is fetched",
                hint="fetch them, and give the file that holds the texts",
            )
    datasets.config.HF_HUB_OFFLINE = True
    datasets.config.TORCH_AVAILABLE = False  # it would import torch, for a base class
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # what fails is said once
    datasets.disable_progress_bars()
    # a folder's name could be that of a module of `datasets`, a whole path could not
    with TemporaryDirectory() as cache:
        return {**datasets.load_dataset(str(folder.resolve()), streaming=True, cache_dir=cache)}


@contextmanager
def _told(source: str) -> Iterator[None]:
    """See to it that whatever a library says of a pool becomes one sentence."""
    try:
        yield
    except NeufsError:
        raise
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        raise PoolError(
            f"{source} cannot be read without the package datasets",
            hint="pip install 'neufs-tui[data]'",
        ) from error
    except OSError as error:
        raise cannot_open(source, error) from error
    except Exception as error:
        raise PoolError(
            f"{source} cannot be read: {first_line(error)}",
            hint="check it with the program that wrote it, or give a file that holds the texts",
        ) from error
