"""Literal text in the template languages of the tools, and YAML that they all read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_OPENS = re.compile(r"\{(?=[{%#\r]|\Z)|\r")
"""What begins a tag, with what comes after it too, and what Jinja makes a line feed of."""


def jinja_literal(text: str) -> str:
    """A text for Jinja or Nunjucks, of which they make the text.

    >>> jinja_literal("{x} {{y}} {% raw %}")
    '{x} {{ "{" }}{y}} {{ "{" }}% raw %}'
    """
    return _OPENS.sub(lambda found: '{{ "\\r" }}' if found[0] == "\r" else '{{ "{" }}', text)


def to_yaml(value: Mapping[str, Any]) -> str:
    """A mapping as YAML, keys in their order, each string whole."""
    return str(yaml.safe_dump(dict(value), allow_unicode=True, sort_keys=False, width=2**31))
