from __future__ import annotations

import logging
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.model_shape import FfnShape, ModelShape, dense_shape
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import content_hash
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import NeufsError
from neufs_tui.storage.activations import CAPTURE_VERSION, ActivationCache, CacheKey
from neufs_tui.storage.capture_rows import CaptureRows
from tests.storage.values import capture

KEY = CacheKey(model="m1", prompt="p1", capture=CaptureSettings(), dtype="float32")
SHAPE = dense_shape(3, 48)
A, B, C = (content_hash(text) for text in "abc")


def opened(tmp_path: Path, key: CacheKey = KEY, shape: ModelShape = SHAPE) -> ActivationCache:
    return ActivationCache.open(tmp_path / "cache" / "activations", key, shape=shape)


def same(one: Capture, other: Capture) -> bool:
    """Whether two captures hold equal values in arrays of equal types."""
    arrays = ("scores", "neurons", "contributions")
    plain = ("answer", "neuron_count", "n_answer_tokens", "truncated")
    return all(getattr(one, name) == getattr(other, name) for name in plain) and all(
        getattr(one, name).dtype == getattr(other, name).dtype
        and np.array_equal(getattr(one, name), getattr(other, name))
        for name in arrays
    )


def test_captures_come_back_after_a_restart(tmp_path: Path) -> None:
    stored = {A: capture(0, 47, 48, 143), B: capture(), C: capture(5, truncated=True)}
    with opened(tmp_path) as cache:
        assert cache.known() == set()
        cache.put([(A, stored[A]), (B, stored[B])])
        cache.put([(C, stored[C])])
    with opened(tmp_path) as cache:
        assert cache.known() == {A, B, C}
        found = cache.get([C, A, B, content_hash("unknown")])
    assert found.keys() == stored.keys()
    assert all(same(found[example_id], stored[example_id]) for example_id in stored)


def test_a_later_capture_replaces_the_earlier(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        cache.put([(A, capture(1))])
        cache.put([(A, capture(2, 3))])
        assert same(cache.get([A])[A], capture(2, 3))


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, model="m2"),
        replace(KEY, prompt="p2"),
        replace(KEY, capture=CaptureSettings(set_size=100)),
        replace(KEY, dtype="bfloat16"),
        replace(KEY, version=CAPTURE_VERSION + 1),
    ],
)
def test_nothing_is_shared_between_different_keys(tmp_path: Path, other: CacheKey) -> None:
    with opened(tmp_path) as cache, opened(tmp_path, other) as another:
        cache.put([(A, capture(1))])
        assert another.get([A]) == {}


def test_the_file_says_what_its_captures_depend_on(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        connection = sqlite3.connect(cache.path)
        meta = dict(connection.execute("select name, value from meta"))
        connection.close()
    assert meta["model"] == "m1"
    assert '"hook_site": "down_proj"' in meta["capture"]
    assert ModelShape.from_text(meta["shape"]) == SHAPE


SHAPES = [
    *(dense_shape(*size) for size in [(1, 1), (3, 48), (2, 65_535), (2, 65_536), (2, 90_000)]),
    ModelShape(
        (
            (FfnShape("dense", 100),),
            (),
            (FfnShape("routed", 768, n_experts=128, n_routed=8), FfnShape("shared", 512)),
        )
    ),
]


@st.composite
def models_and_captures(draw: st.DrawFn) -> tuple[ModelShape, list[Capture]]:
    shape = draw(st.sampled_from(SHAPES))
    n_labels = draw(st.integers(1, 3))
    ids = st.sets(st.integers(0, shape.n_neurons - 1), max_size=20)
    captures = draw(
        st.lists(ids.map(lambda chosen: capture(*sorted(chosen), n_labels=n_labels)), max_size=4)
    )
    return shape, captures


@given(models_and_captures())
def test_rows_hold_any_neurons_of_any_model(
    drawn: tuple[ModelShape, list[Capture]],
) -> None:
    shape, captures = drawn
    rows = CaptureRows(shape)
    encoded = [rows.encode(str(place), one) for place, one in enumerate(captures)]
    decoded = list(rows.decode(encoded))
    assert [example_id for example_id, _ in decoded] == [str(n) for n in range(len(captures))]
    assert all(same(back, one) for (_, back), one in zip(decoded, captures, strict=True))


def test_a_full_layer_of_the_widest_narrow_model_can_be_counted() -> None:
    rows = CaptureRows(dense_shape(1, 65_535))
    whole = capture(*range(65_535))
    ((_, back),) = rows.decode([rows.encode("a", whole)])
    assert same(back, whole)


def test_a_kept_neuron_takes_about_four_bytes(tmp_path: Path) -> None:
    n_examples, size, shape = 2_000, 553, dense_shape(30, 1536)
    batch = [
        (content_hash(str(n)), capture(*range(n, n + 79 * size, 79))) for n in range(n_examples)
    ]
    with opened(tmp_path, shape=shape) as cache:
        cache.put(batch)
    assert cache.path.stat().st_size / (n_examples * size) < 5


def test_more_examples_than_one_query_takes_are_found(tmp_path: Path) -> None:
    ids = [content_hash(str(n)) for n in range(1_201)]
    with opened(tmp_path) as cache:
        cache.put([(example_id, capture(n % 144)) for n, example_id in enumerate(ids)])
        found = cache.get(ids)
    assert [int(found[example_id].neurons[0]) for example_id in ids] == [
        n % 144 for n in range(1201)
    ]


def test_a_file_that_is_no_cache_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as cache:
        path = cache.path
    path.write_bytes(b"nothing like a database " * 1000)
    with caplog.at_level(logging.WARNING), opened(tmp_path) as cache:
        cache.put([(A, capture(1))])
        assert cache.known() == {A}
    assert path.with_name(f"{path.name}.corrupt").read_bytes().startswith(b"nothing like")
    assert "begun anew" in caplog.text


def test_a_cache_that_is_damaged_inside_is_set_aside_when_it_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [content_hash(str(n)) for n in range(2_000)]
    with opened(tmp_path) as cache:
        cache.put([(example_id, capture(*range(100))) for example_id in ids])
    content = bytearray(cache.path.read_bytes())
    content[len(content) // 4 :] = b"\xff" * (len(content) - len(content) // 4)
    cache.path.write_bytes(content)
    with caplog.at_level(logging.WARNING), opened(tmp_path) as cache:
        assert cache.get(ids) == {}
        cache.put([(A, capture(1))])
        assert cache.known() == {A}
    assert "begun anew" in caplog.text


def test_rows_that_make_no_sense_are_not_believed(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        cache.put([(A, capture(1, 2, 3))])
        connection = sqlite3.connect(cache.path)
        with connection:
            connection.execute("update captures set indices = x'0100'")
        connection.close()
        assert cache.get([A]) == {}


def test_captures_of_a_model_of_another_shape_are_not_believed(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        cache.put([(A, capture(1))])
    with opened(tmp_path, shape=dense_shape(4, 36)) as cache:
        assert cache.known() == set()


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(NeufsError, match=r"cache .* cannot be used") as caught:
        opened(tmp_path)
    assert "XDG_CACHE_HOME" in caught.value.hint


PUT_FOREVER = """
import sys
from pathlib import Path
from neufs_tui.core.records import content_hash
from tests.storage.test_activations import capture, opened

cache = opened(Path(sys.argv[1]))
for n in range(int(sys.argv[3])):
    cache.put([(content_hash(f"{sys.argv[2]} {n} {m}"), capture(n % 144)) for m in range(3)])
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
"""


def putting(tmp_path: Path, name: str, n_batches: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PUT_FOREVER, str(tmp_path), name, str(n_batches)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_killed_while_scanning_loses_no_batch_it_finished(tmp_path: Path) -> None:
    process = putting(tmp_path, "scan", 1_000_000)
    assert process.stdout is not None
    for said in process.stdout:
        if int(said) == 40:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with opened(tmp_path) as cache:
        known = cache.known()
    assert known >= {content_hash(f"scan {n} {m}") for n in range(41) for m in range(3)}
    assert len(known) % 3 == 0


def test_processes_share_a_cache_that_none_of_them_has_made_yet(tmp_path: Path) -> None:
    processes = [putting(tmp_path, name, 20) for name in ("one", "two", "three")]
    assert [process.wait() for process in processes] == [0, 0, 0]
    for process in processes:
        process.communicate()
    with opened(tmp_path) as cache:
        assert len(cache.known()) == 3 * 20 * 3
