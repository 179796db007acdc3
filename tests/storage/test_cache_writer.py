from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from neufs_tui.core.model_shape import dense_shape
from neufs_tui.core.records import content_hash
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import NeufsError
from neufs_tui.storage.activations import ActivationCache, CacheKey, CacheSource
from neufs_tui.storage.cache_writer import CacheWriter
from tests.storage.values import capture

IDS = [content_hash(str(number)) for number in range(40)]


@pytest.fixture
def source(tmp_path: Path) -> CacheSource:
    key = CacheKey(model="m", prompt="p", capture=CaptureSettings(), dtype="float32")
    return CacheSource(tmp_path, key, dense_shape(3, 48))


def test_everything_handed_over_is_on_disk_after_a_flush(source: CacheSource) -> None:
    writer = CacheWriter(source)
    for example_id in IDS:
        writer.put([(example_id, capture(1, 2))])
    writer.flush()
    with source.open() as cache:
        assert cache.known() == set(IDS)
    writer.close()


def test_closing_writes_what_is_waiting(source: CacheSource) -> None:
    writer = CacheWriter(source)
    for example_id in IDS:
        writer.put([(example_id, capture(1))])
    writer.close()
    writer.close()
    with source.open() as cache:
        assert cache.known() == set(IDS)


def test_whoever_brings_a_batch_does_not_wait_for_the_disk(
    source: CacheSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()
    put = ActivationCache.put

    def slow(self: ActivationCache, batch: object) -> None:
        disk.wait()
        put(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(ActivationCache, "put", slow)
    writer = CacheWriter(source)
    for example_id in IDS[:3]:
        writer.put([(example_id, capture(1))])  # returns while the disk is stuck
    with source.open() as cache:
        assert cache.known() == set()
    disk.set()
    writer.flush()
    with source.open() as cache:
        assert cache.known() == set(IDS[:3])
    writer.close()


def test_a_batch_that_cannot_be_stored_is_reported(
    source: CacheSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NeufsError("the disk is full")

    monkeypatch.setattr(ActivationCache, "put", full)
    writer = CacheWriter(source)
    writer.put([(IDS[0], capture(1))])
    with pytest.raises(NeufsError, match="the disk is full"):
        writer.flush()
    with pytest.raises(NeufsError, match="the disk is full"):
        writer.put([(IDS[1], capture(1))])
    writer.close()


def test_many_may_open_a_cache_that_is_not_there_yet(source: CacheSource) -> None:
    everyone = threading.Barrier(4)

    def open_at_once(at: CacheSource) -> set[str]:
        everyone.wait()
        with at.open() as cache:
            return cache.known()

    for number in range(20):
        fresh = replace(source, folder=source.folder / str(number))
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(open_at_once, [fresh] * 4)) == [set()] * 4
