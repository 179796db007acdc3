"""A field of a row by its name, which may lead into an object: `data.text`.

A key that is called so wins, at each step on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_DEEPEST = 4
"""Objects within one another in which names are listed."""


def field_path(row: Mapping[str, object], name: str) -> tuple[str, ...]:
    """The keys that lead to a field; empty when the row has none of that name."""
    if name in row:
        return (name,)
    for dot in (place for place, sign in enumerate(name) if sign == "."):
        within = row.get(name[:dot])
        if isinstance(within, dict) and (path := field_path(within, name[dot + 1 :])):
            return (name[:dot], *path)
    return ()


def field_value(row: Mapping[str, object], name: str) -> object:
    """A field's value; None when the row has none of that name."""
    path = field_path(row, name)
    return value_at(row, path) if path else None


def value_at(row: Mapping[str, object], path: tuple[str, ...]) -> object:
    """The value that some keys lead to, which are there."""
    value = row[path[0]]
    for key in path[1:]:
        assert isinstance(value, dict)
        value = value[key]
    return value


def without_field(row: Mapping[str, object], path: tuple[str, ...]) -> dict[str, object]:
    """A row without a field that is there, and without the objects that hold nothing else."""
    less, first = dict(row), path[0]
    within = less[first]
    if len(path) > 1 and isinstance(within, dict) and (rest := without_field(within, path[1:])):
        less[first] = rest
    else:
        del less[first]
    return less


def names_within(
    row: Mapping[str, object], kinds: type | tuple[type, ...], n_deep: int = _DEEPEST
) -> Iterator[str]:
    """Names of what lies within a row's objects and is of some kind, as `field_path` takes them."""
    for key, value in row.items():
        if isinstance(value, dict) and n_deep:
            yield from (f"{key}.{name}" for name, one in value.items() if isinstance(one, kinds))
            yield from (f"{key}.{name}" for name in names_within(value, kinds, n_deep - 1))
