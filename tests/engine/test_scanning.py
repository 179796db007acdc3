"""The scan: complete, resumable, and independent of the order of rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neufs_tui.core.records import Example, Label, Task, content_hash
from neufs_tui.core.settings import CaptureSettings, ModelChoice, SelectionSettings
from neufs_tui.engine import scanning
from neufs_tui.engine.batching import Batching
from neufs_tui.engine.protocol import EngineConfig, ScanProgressed
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.memory import FEWEST_TOKENS
from tests.models import load
from tests.tiny import CORPUS

TASK = Task(labels=(Label("yes"), Label("no, not at all")))


@pytest.fixture(scope="module")
def loaded(tiny_llama: Path) -> LoadedModel:
    return load(tiny_llama)


def pool(n: int, order: list[int] | None = None) -> tuple[Example, ...]:
    texts = [f"{CORPUS[number % 4]} {'more ' * (number % 7)}{number}" for number in range(n)]
    numbers = order or range(n)
    return tuple(
        Example(content_hash(texts[number]), texts[number], row)
        for row, number in enumerate(numbers)
    )


def config(examples: tuple[Example, ...], cache: Path, **more: object) -> EngineConfig:
    given: dict[str, object] = {"batch_halvings": 2, **more}
    return EngineConfig(
        examples=examples,
        task=TASK,
        model=ModelChoice(),
        cache_dir=cache,
        selection=SelectionSettings(choose_from=12),
        **given,
    )


def test_a_scan_ends_complete_and_tells_how_far_it_is(loaded: LoadedModel, tmp_path: Path) -> None:
    scanner = Scanner(config(pool(30), tmp_path), loaded)
    told = list(scanner.run())
    assert scanner.complete
    assert [progress.done for progress in told] == sorted({progress.done for progress in told})
    assert (told[0].done, told[0].rate, told[0].remaining_s) == (0, 0.0, None)
    assert (told[-1].done, told[-1].total) == (30, 30)
    assert told[-1].remaining_s == 0
    assert len(told) > 3


def test_a_scan_that_was_stopped_goes_on_where_it_was(loaded: LoadedModel, tmp_path: Path) -> None:
    first = Scanner(config(pool(30), tmp_path), loaded)
    progress = first.run()
    next(progress)
    stopped_at = next(progress).done
    first.close()
    assert 0 < stopped_at < 30
    second = Scanner(config(pool(30), tmp_path), loaded)
    assert len(second.captures) == stopped_at
    read: list[int] = []
    capture = second.runner.capture
    second.runner.capture = lambda prompts: read.append(len(prompts)) or capture(prompts)
    list(second.run())
    assert second.complete
    assert sum(read) == 30 - stopped_at


def test_the_order_of_the_rows_changes_nothing(loaded: LoadedModel, tmp_path: Path) -> None:
    one = Scanner(config(pool(30), tmp_path / "one"), loaded)
    order = np.random.default_rng(1).permutation(30).tolist()
    other = Scanner(config(pool(30, order), tmp_path / "other"), loaded)
    list(one.run())
    list(other.run())
    assert one.captures.keys() == other.captures.keys()
    for example_id, capture in one.captures.items():
        same = other.captures[example_id]
        np.testing.assert_array_equal(capture.neurons, same.neurons)
        np.testing.assert_array_equal(capture.contributions, same.contributions)
        np.testing.assert_array_equal(capture.scores, same.scores)
        assert capture.neuron_count == same.neuron_count


def test_what_is_shown_first_is_scanned_first(loaded: LoadedModel, tmp_path: Path) -> None:
    examples = pool(30)
    first = tuple(example.id for example in examples[7:19])
    scanner = Scanner(config(examples, tmp_path, first=first), loaded)
    for progress in scanner.run():
        if progress.done >= 12:
            break
    assert progress.done == 12
    assert set(scanner.captures) == {*first}


def test_a_grown_pool_scans_only_what_is_new(loaded: LoadedModel, tmp_path: Path) -> None:
    list(Scanner(config(pool(20), tmp_path), loaded).run())
    grown = Scanner(config(pool(25), tmp_path), loaded)
    assert next(grown.run()).done == 20


def encoded_by(scanner: Scanner) -> list[str]:
    """Texts that the scanner encodes from now on, in order."""
    texts: list[str] = []
    prompt = scanner.encoder.prompt
    scanner.encoder.prompt = lambda text: texts.append(text) or prompt(text)  # type: ignore
    return texts


def test_what_is_new_in_a_large_pool_is_read_together(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_WINDOW", 16)
    before, grown = pool(160), pool(170)
    first = Scanner(config(before, tmp_path), loaded)
    list(first.run())
    first.close()
    second = Scanner(config(grown, tmp_path), loaded)
    texts = encoded_by(second)
    list(second.run())
    second.close()
    assert second.complete
    assert sorted(texts) == sorted(one.text for one in grown[160:])


def test_an_interrupted_scan_goes_on_in_the_batches_that_it_would_have_had(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_WINDOW", 16)
    whole = Scanner(config(pool(48), tmp_path / "whole"), loaded)
    list(whole.run())
    whole.close()
    last = [*whole.captures][-1]  # read last of all
    again = Scanner(config(pool(48), tmp_path / "again"), loaded)
    again._writer.put([item for item in whole.captures.items() if item[0] != last])
    again.close()
    resumed = Scanner(config(pool(48), tmp_path / "again"), loaded)
    texts = encoded_by(resumed)
    batches = [[one.id for one, _ in batch] for batch in resumed._batches()]
    resumed.close()
    assert batches == [[last]]
    assert len(texts) == 16


@pytest.mark.parametrize(
    "changed",
    [
        {"capture": CaptureSettings(set_size=0.5)},
        {"task": Task(labels=TASK.labels, instruction="Sort.")},
    ],
)
def test_other_settings_do_not_share_captures(
    loaded: LoadedModel, tmp_path: Path, changed: dict[str, object]
) -> None:
    base = config(pool(8), tmp_path)
    list(Scanner(base, loaded).run())
    assert Scanner(replace(base, **changed), loaded).captures == {}


def test_texts_that_were_cut_are_counted(loaded: LoadedModel, tmp_path: Path) -> None:
    long = "word " * 600
    examples = (*pool(3), Example(content_hash(long), long, 3))
    scanner = Scanner(config(examples, tmp_path), loaded)
    told: list[ScanProgressed] = list(scanner.run())
    assert told[-1].truncated == 1
    assert scanner.captures[content_hash(long)].truncated


def short_of_memory(scanner: Scanner, most: int) -> list[int]:
    """Let a scanner's runner fail on more than so many prompts; the sizes that it was given."""
    capture, sizes = scanner.runner.capture, []

    def capture_few(prompts: list) -> list:
        sizes.append(len(prompts))
        if len(prompts) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return capture(prompts)

    scanner.runner.capture = capture_few
    return sizes


def test_running_out_of_memory_costs_one_batch_not_the_scan(
    loaded: LoadedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scanner = Scanner(config(pool(30), tmp_path, batch_halvings=0), loaded)
    sizes = short_of_memory(scanner, most=4)
    told = list(scanner.run())
    assert scanner.complete
    assert told[-1].done == 30
    refused = [size for size in sizes if size > 4]
    assert sum(sizes) - sum(refused) == 30
    assert len(refused) <= 3
    assert "out of memory: batches of" in caplog.text


def test_an_example_that_does_not_fit_alone_is_an_error(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    scanner = Scanner(config(pool(3), tmp_path), loaded)

    def never(_prompts: list) -> list:
        raise torch.OutOfMemoryError("CUDA out of memory")

    scanner.runner.capture = never
    with pytest.raises(torch.OutOfMemoryError):
        list(scanner.run())


def test_smaller_batches_are_cut_after_running_out_of_memory(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    large = Scanner(config(pool(30), tmp_path / "a", batch_halvings=0), loaded)
    small = Scanner(config(pool(30), tmp_path / "b", batch_halvings=4), loaded)
    assert len(list(large.run())) < len(list(small.run()))


def test_a_size_that_works_is_remembered_for_the_next_scan(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    first = Scanner(config(pool(30), tmp_path, batch_halvings=0), loaded)
    short_of_memory(first, most=4)
    list(first.run())
    first.close()
    next_pool = tuple(
        replace(example, text=example.text + "!", id=content_hash(example.text + "!"))
        for example in pool(30)
    )
    second = Scanner(config(next_pool, tmp_path, batch_halvings=0), loaded)
    sizes = short_of_memory(second, most=99)
    list(second.run())
    assert max(sizes) <= 4


def test_what_did_not_work_is_not_remembered(loaded: LoadedModel, tmp_path: Path) -> None:
    sizes = tmp_path / "batch_sizes.json"
    failing = Scanner(config(pool(30), tmp_path, batch_halvings=0), loaded)
    short_of_memory(failing, most=0)
    with pytest.raises(torch.OutOfMemoryError):
        list(failing.run())
    failing.close()
    Scanner(config(pool(30), tmp_path, batch_halvings=5), loaded).close()
    assert not sizes.exists()


def test_no_size_remembered_is_below_what_every_device_has_memory_for(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    first = Scanner(config(pool(30), tmp_path, batch_halvings=0), loaded)
    short_of_memory(first, most=1)
    list(first.run())
    first.close()
    (known,) = json.loads((tmp_path / "batch_sizes.json").read_text()).values()
    assert known["tokens"] == FEWEST_TOKENS
    again = Batching(config(pool(3), tmp_path, batch_halvings=20), loaded, first.runner)
    assert again.n_tokens == FEWEST_TOKENS
