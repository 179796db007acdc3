from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Pick, content_hash
from neufs_tui.export.manifest import manifest_json
from neufs_tui.export.strict_json import strict_json
from tests.export.values import TASK, labelled, provenance, written

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def strictly(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@given(VALUES)
def test_only_numbers_that_are_none_are_changed(value: object) -> None:
    assert strictly(strict_json(value)) == finite(value)


def finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [finite(one) for one in value]
    if isinstance(value, dict):
        return {name: finite(one) for name, one in value.items()}
    return value


@pytest.mark.parametrize("format_name", ["jsonl", "chat", "openai"])
def test_every_export_is_json_for_every_reader(format_name: str) -> None:
    few_shot = [labelled("x", score=math.inf, parts=[{"y": -math.inf}], n=math.nan)]
    text = written(format_name, TASK, few_shot)
    for part in text.splitlines() if format_name in ("jsonl", "openai") else [text]:
        strictly(part)


def test_a_manifest_has_null_for_a_number_that_could_not_be_computed() -> None:
    pick = Pick(content_hash("x"), None, "A", (math.nan, 1), 3, 0, difficulty={"entropy": math.nan})
    manifest = strictly(manifest_json(provenance(), [labelled("x", pick=pick)], "jsonl"))
    (example,) = manifest["examples"]
    assert example["why"]["probabilities"] == [None, 1]
    assert example["why"]["difficulty"] == {"entropy": None}
