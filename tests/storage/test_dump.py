from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.model_shape import ModelShape, dense_shape
from neufs_tui.core.records import Example
from neufs_tui.errors import UsageError
from neufs_tui.storage.dump import write_dump
from tests.storage.values import capture

EXAMPLES = [Example("h1", "one", 0, source_id=17), Example("h2", "two", 1), Example("h3", "x", 2)]
CAPTURES = [capture(0, 47, 48), capture(), capture(100)]


def dump(path: Path, n: int = 3) -> None:
    write_dump(
        path,
        examples=EXAMPLES[:n],
        captures=CAPTURES[:n],
        label_names=("A", "B"),
        shape=dense_shape(3, 48),
        meta={"model": "tiny"},
    )


def test_the_dump_holds_what_was_captured(tmp_path: Path) -> None:
    path = tmp_path / "capture.npz"
    dump(path)
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["id"].tolist() == ["17", "h2", "h3"]
        assert arrays["hash"].tolist() == ["h1", "h2", "h3"]
        assert arrays["label_names"].tolist() == ["A", "B"]
        assert arrays["answer"].tolist() == [1, 1, 1]
        assert arrays["answer_name"].tolist() == ["B", "B", "B"]
        assert np.array_equal(arrays["scores"], [c.scores for c in CAPTURES])
        assert arrays["neuron_count"].tolist() == [9, 0, 3]
        assert arrays["n_answer_tokens"].tolist() == [2, 2, 2]
        assert arrays["offset"].tolist() == [0, 3, 3, 4]
        assert arrays["neuron"].tolist() == [0, 47, 48, 100]
        assert arrays["layer"].tolist() == [0, 0, 1, 2]
        assert arrays["index"].tolist() == [0, 47, 0, 4]
        assert arrays["contribution"].dtype == np.float16
        assert np.array_equal(arrays["contribution"][:3], CAPTURES[0].contributions)
        assert arrays["expert"].tolist() == [-1, -1, -1, -1]
        assert arrays["layer_offset"].tolist() == [0, 48, 96, 144]
        assert ModelShape.from_text(str(arrays["shape_json"])) == dense_shape(3, 48)
        assert json.loads(str(arrays["meta_json"])) == {"model": "tiny"}


def test_the_dump_has_the_name_it_was_given_and_leaves_nothing_else(tmp_path: Path) -> None:
    dump(tmp_path / "capture.npz", n=0)
    dump(tmp_path / "capture.npz", n=1)
    dump(tmp_path / "plain")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["capture.npz", "plain"]
    with np.load(tmp_path / "capture.npz") as arrays:
        assert arrays["id"].tolist() == ["17"]


def test_a_dump_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        dump(tmp_path / "none" / "capture.npz")
