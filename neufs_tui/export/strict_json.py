"""JSON that every reader takes: no NaN, no infinities."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping


def strict_json(value: object, *, indent: int | None = None) -> str:
    """Write a value, with null where a computed number is none."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _finite(value: object) -> object:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {name: _finite(one) for name, one in value.items()}
        case list() | tuple():
            return [_finite(one) for one in value]
    return value
