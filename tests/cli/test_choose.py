"""`export --choose` on a tiny model."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.records import Demonstration, content_hash
from neufs_tui.engine.set_readings import SetReading, SetReadings, Wanted
from neufs_tui.evaluation import choosing_sets
from neufs_tui.export.writer import manifest_path
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.score_runner import ScoreRunner
from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.fakes import READY

Run = Callable[..., Ran]
NUMBERS = (3, 8, 5, 21, 40, 11, 30, 2, 17)


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path, run: Run) -> Path:
    """Sixty texts, nine of them labelled."""
    path = beside(tmp_path / "session", tiny_llama)
    write_pool(path, n=60)
    for number in NUMBERS:
        assert run("add", path, f"r{number}", "no" if number % 3 else "yes").status == 0
    return path


def test_noise_is_told_and_all_labels_are_exported_in_labelling_order(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    target = tmp_path / "few_shot.jsonl"
    told = run("export", pool, "--choose", "-o", target)
    assert (told.status, told.out) == (0, ""), told.err
    assert "72/72 prompts" in told.err
    assert "all 9, labelling order" in told.err
    assert "first 4, most frequent class last" in told.err
    assert "exported in labelling order" in told.err or "do best of the 8 compared" in told.err
    assert f"wrote 9 examples to {target}" in told.err
    rows = [json.loads(line) for line in target.open()]
    assert [row["id"] for row in rows] == [f"r{number}" for number in NUMBERS]
    manifest = json.loads((tmp_path / "few_shot.jsonl.manifest.json").read_text())
    assert (manifest["order"], manifest["k"]) == ("selection", 9)
    choice = manifest["choice"]
    assert (choice["rule"], choice["told_apart"]) == ({"k": None, "order": "selection"}, False)
    assert (choice["seed"], choice["folds"], len(choice["compared"])) == (0, 8, 8)
    assert choice["model"]["dtype"] == "float32"

    piped = run("export", pool, "--choose")
    assert piped.out == target.read_text()
    assert "72/72 prompts" in piped.err


def test_what_is_chosen_is_written_in_its_order(
    run: Run, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a model that is right behind four labels, the last given first, and nowhere else."""

    def scores(shown: Sequence[Demonstration], text: str) -> list[float]:
        numbers = [number_of(one.text) for one in shown]
        places = [NUMBERS.index(number) for number in numbers]
        lean = 0.01 * number_of(text)
        if len(shown) == 4 and places == sorted(places, reverse=True):
            lean = -3 if number_of(text) % 3 else 3
        return [lean, 0.0]

    def read(_config: object, wanted: Sequence[Wanted], _listener: object) -> SetReadings:
        sets = [
            SetReading(
                one.demonstrations,
                np.array([scores(one.demonstrations, text.text) for text in one.texts], np.float32),
            )
            for one in wanted
        ]
        return SetReadings(READY, np.array([1, 1]), tuple(sets))

    monkeypatch.setattr(choosing_sets, "read_sets", read)
    target = tmp_path / "few_shot.jsonl"
    told = run("export", pool, "--choose", "-o", target)
    assert told.status == 0, told.err
    assert "chosen: first 4, reversed, instead of all 9 labels in labelling order" in told.err
    assert "once answers are calibrated the difference is +" in told.err
    rows = [json.loads(line) for line in target.open()]
    assert [row["id"] for row in rows] == ["r21", "r5", "r8", "r3"]
    manifest = json.loads((tmp_path / "few_shot.jsonl.manifest.json").read_text())
    assert (manifest["order"], manifest["k"]) == ("reversed", 4)
    assert manifest["hashes"] == [content_hash(row["text"]) for row in rows]
    assert manifest["choice"]["told_apart"] is True
    assert manifest["choice"]["calibrated_difference"]["low"] > 0


def number_of(text: str) -> int:
    return int(text.split()[1].rstrip("."))


KILLED = """
import os, signal
from neufs_tui.cli import main
from neufs_tui.storage.score_cache import ScoreCache

put, n_stored = ScoreCache.put, 0

def put_and_die(cache, batch):
    global n_stored
    put(cache, batch)
    n_stored += len(batch)
    if n_stored >= 30:
        os.kill(os.getpid(), signal.SIGKILL)

ScoreCache.put = put_and_die
main()
"""


def test_a_run_that_was_killed_goes_on_and_finds_the_same(
    run: Run, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, whole = tmp_path / "killed.jsonl", tmp_path / "whole.jsonl"
    command = [sys.executable, "-c", KILLED, "export", str(pool), "--choose", "-o", str(killed)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    assert not killed.exists()
    n_read: list[int] = []
    scores = ScoreRunner.scores

    def counted(runner: ScoreRunner, prompts: list[EncodedPrompt]) -> list:
        n_read.append(len(prompts))
        return scores(runner, prompts)

    monkeypatch.setattr(ScoreRunner, "scores", counted)
    assert run("export", pool, "--choose", "-o", killed).status == 0
    n_again = sum(n_read)
    n_read.clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    assert run("export", pool, "--choose", "-o", whole).status == 0
    assert 0 < n_again <= sum(n_read) - 30
    choices = [
        json.loads(manifest_path(target).read_text())["choice"] for target in (killed, whole)
    ]
    assert choices[0] == choices[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--choose", "-k", "4"), "--choose and -k contradict each other"),
        (("--model", "other", "--dtype", "float32"), "--model, --dtype without --choose"),
        (("--adapter", "mine"), "--adapter without --choose"),
        (("--skip-bad-lines",), "without --choose, --readout or --retrieval has no effect"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    run: Run, pool: Path, options: tuple[str, ...], words: str
) -> None:
    told = run("export", pool, *options)
    assert (told.status, told.out) == (2, "")
    assert words in told.err


def test_what_cannot_be_done_is_refused_before_anything_is_read(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.jsonl"
    taken.touch()
    there = run("export", pool, "--choose", "-o", taken)
    nowhere = run("export", pool, "--choose", "-o", tmp_path / "nowhere" / "few_shot.jsonl")
    for _ in range(2):
        assert run("undo", pool).status == 0
    few = run("export", pool, "--choose")
    for told, words in (
        (there, "is there already"),
        (nowhere, "its folder is not there"),
        (few, "7 labels are too few"),
    ):
        assert told.status == 1
        assert words in told.err and "PyTorch" not in told.err
