"""JSON of a pool's rows, in which every number comes back as it was written.

A number that a float cannot hold, such as `1e400` or `1e-400`, and the infinities that Python and
JavaScript write, are kept as their text; NaN, which pandas writes where nothing is, is null.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping

_BETWEEN_ITEMS = re.compile(r"[\s,]*")


class NotJson(Exception):
    """A text that is not JSON, with the reason."""


def parse(text: str) -> object:
    """Read one value.

    Raises:
        NotJson: it is none, or one that cannot be read.
    """
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column" if error.lineno > 1 else "column"
        raise NotJson(f"not JSON: {error.msg} at {place} {error.colno}") from error
    except ValueError as error:
        raise NotJson(f"not JSON: {error}") from error
    except RecursionError as error:
        raise NotJson("not JSON that can be read: nested too deeply") from error
    return value


def items(text: str) -> Iterator[object]:
    """The items of a list from its beginning, as far as it goes where it is cut off."""
    place = text.find("[") + 1
    while True:
        between = _BETWEEN_ITEMS.match(text, place)
        try:
            value, place = _DECODER.raw_decode(text, between.end() if between else place)
        except (ValueError, RecursionError):
            return
        yield value


def fields_to_json(fields: Mapping[str, object]) -> str:
    """A row's other fields, as the session keeps them."""
    return json.dumps(dict(fields), allow_nan=False)


def fields_from_json(text: str) -> dict[str, object]:
    """A row's other fields, as the session kept them."""
    fields = parse(text)
    assert isinstance(fields, dict)
    return fields


def json_kind(value: object) -> str:
    """A value's JSON type, as a noun."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _number(written: str) -> float | str:
    value = float(written)
    digits = written.lower().partition("e")[0]
    lost = math.isinf(value) or (value == 0 and any(digit in "123456789" for digit in digits))
    return written if lost else value


def _constant(written: str) -> str | None:
    return None if written == "NaN" else written


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_constant)
