"""Labels taken from a field of the pool, and what is to be known of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.text import plural
from neufs_tui.errors import PoolError
from neufs_tui.storage.label_names import label_key, told_apart
from neufs_tui.storage.pool import Pool
from neufs_tui.storage.pool_lines import source_name
from neufs_tui.storage.pool_rows import listed
from neufs_tui.storage.row_fields import field_value, names_within
from neufs_tui.storage.row_json import json_kind

_MANY = 30
"""Values from which a field in which most occur once is probably none of labels."""
_N_NAMED = 6
"""Labels named in a notice; the rest are counted."""
_N_MERGED_NAMED = 2
"""Labels whose other spellings are named."""


@dataclass(frozen=True, slots=True)
class GoldLabels:
    """The values of one field, with those that are one name for a reader taken as one label."""

    field: str
    spellings: Mapping[str, Mapping[str, int]]
    """Label → each way it is written, with its rows; in alphabetical order, so that the prompt,
    and so every pick, does not depend on the rows' order."""
    n_rows: int
    """Rows of the pool."""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(self.spellings)

    @property
    def counts(self) -> dict[str, int]:
        """Label → its rows."""
        return {name: sum(ways.values()) for name, ways in self.spellings.items()}

    @property
    def label_of(self) -> dict[str, str]:
        """Each way a label is written → the label."""
        return {way: name for name, ways in self.spellings.items() for way in ways}

    def notices(self, before: Sequence[str] = ()) -> tuple[str, ...]:
        """What was found, with counts, and first what of it may be wrong.

        Args:
            before: the labels of the session's last time; empty when it had none.
        """
        counts = {name: n for name, n in self.counts.items() if n}
        n_found, n_once = sum(counts.values()), sum(n == 1 for n in counts.values())
        frequent = sorted(counts.items(), key=lambda item: -item[1])
        notices = []
        if len(counts) >= _MANY and 2 * n_once > len(counts):
            notices.append(
                f"{self.field!r} is probably no field of labels: "
                f"{n_once:,} of its {len(counts):,} values occur once"
            )
        notices.append(
            f"{plural(len(counts), 'label')} from {self.field!r} in {n_found:,} of "
            f"{plural(self.n_rows, 'row')}: "
            + _some([f"{name!r} {n:,}" for name, n in frequent], _N_NAMED)
        )
        if before and (new := [repr(name) for name in self.names if name not in before]):
            notices.append(f"new since the last time: {_some(new, _N_NAMED)}")
        if kept := [repr(name) for name in self.names if name not in counts]:
            notices.append(f"kept, as given before, although in no row: {_some(kept, _N_NAMED)}")
        if merged := [
            _merged(name, ways) for name, ways in self.spellings.items() if {*ways} - {name}
        ]:
            notices.append(_some(merged, _N_MERGED_NAMED, "; "))
        return tuple(notices)


def written(value: object) -> str:
    """A row's value as the name of a label: strings as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def gold_labels(
    pool: Pool, field: str, *, known: Iterable[str] = (), given: Iterable[str] = ()
) -> GoldLabels:
    """Take the values of a field over all rows as labels.

    Null and blank are left out. Of several ways to write one label the commonest is taken, or
    the one that is known.

    Args:
        pool: the pool; rows of repeated texts count.
        field: the field, which may lie within an object, as `meta.topic` does.
        known: labels named before, by `neufs.toml` or in the session.
        given: labels of the session that hold; those in no row are kept.

    Raises:
        PoolError: no row has a value there, or one is a list or an object.
    """
    ways: Counter[str] = Counter()
    for row in pool.rows:
        value = field_value(row, field)
        if isinstance(value, list | dict):
            raise PoolError(
                f"field {field!r} holds {json_kind(value)}, which cannot be a label",
                hint="name a field that holds one string or number a row",
            )
        if value is not None and label_key(way := written(value)):
            ways[way] += 1
    if not ways:
        present = dict.fromkeys(name for row in pool.rows for name in row)
        present |= dict.fromkeys(
            name for row in pool.rows for name in names_within(row, (str, int, float))
        )
        raise PoolError(
            f"no row of {source_name(pool.source)} has a value in field {field!r}",
            hint=f"choose one of its fields: {listed(tuple(present))}",
        )
    return labels_of(ways, field, len(pool.rows), known=known, given=given)


def labels_of(
    ways: Mapping[str, int],
    field: str,
    n_rows: int,
    *,
    known: Iterable[str] = (),
    given: Iterable[str] = (),
) -> GoldLabels:
    """Take values as labels.

    Args:
        ways: each way in which a label is written → its rows.
        field: where they are from.
        n_rows: rows there are.
        known: as `gold_labels`, and so is `given`.
        given: see there.
    """
    found: dict[str, dict[str, int]] = {label_key(name): {} for name in given}
    for way, n in sorted(ways.items()):
        found.setdefault(label_key(way), {})[way] = n
    spelt = {label_key(name): name for name in (*known, *given)}
    names = {
        spelt.get(key) or max(same, key=lambda way: same[way]): same for key, same in found.items()
    }
    return GoldLabels(field, dict(sorted(names.items(), key=_alphabetical)), n_rows)


def _alphabetical(item: tuple[str, object]) -> tuple[str, str]:
    return item[0].casefold(), item[0]


def _merged(name: str, ways: Mapping[str, int]) -> str:
    others = [way for way in ways if way != name]
    named = ", ".join(f"{told_apart(way, name)} ({ways[way]:,})" for way in others)
    return f"{named} taken as {told_apart(name, others[0])}"


def _some(parts: list[str], limit: int, between: str = ", ") -> str:
    rest = f"{between}and {len(parts) - limit:,} more" if len(parts) > limit else ""
    return between.join(parts[:limit]) + rest
