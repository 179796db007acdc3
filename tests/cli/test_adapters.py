"""An adapter is a model for every command that reads with one."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.engine.exported_readout import load
from neufs_tui.errors import ModelError
from tests.adapters import save_adapter
from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.cli.test_predict import decide
from tests.pools import write_rows

Run = Callable[..., Ran]
LABELS = ("--label", "yes", "--label", "no", "--dtype", "float32", "--device", "cpu")


@pytest.fixture(scope="module")
def mine(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA on the tiny Llama."""
    folder = tmp_path_factory.mktemp("adapters") / "mine"
    save_adapter(folder, tiny_llama)
    return folder


@pytest.fixture
def put_on(tmp_path: Path, tiny_llama: Path, mine: Path) -> Path:
    """A pool whose model is said to be the tiny Llama with the LoRA; twelve texts are labelled."""
    path = beside(tmp_path / "session", tiny_llama)
    config = path.parent / "neufs.toml"
    config.write_text(config.read_text().replace("[model]", f'[model]\nadapter = "{mine}"'))
    write_pool(path, n=24)
    decide(path)
    return path


def test_it_is_named_with_its_base_and_read_once_however_it_is_named(
    run: Run, pool: Path, mine: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    ran = run("scan", pool, *LABELS, "--model", mine)
    assert ran.status == 0, ran.err
    assert f"putting the adapter {mine} on {tiny_llama}" in ran.err
    assert f"{mine} (an adapter on {tiny_llama}) on cpu in float32: 3 layers" in ran.err
    assert "Warning" not in ran.err and ran.out == ""
    ran = run("scan", pool, *LABELS, "--model", tiny_llama, "--adapter", mine)
    assert f"{tiny_llama} with the adapter {mine} on cpu" in ran.err
    caches = tmp_path / "xdg" / "cache" / "neufs-tui" / "activations"
    assert len([*caches.glob("*.db")]) == 1
    assert run("scan", pool, *LABELS, "--model", tiny_llama).status == 0
    assert len([*caches.glob("*.db")]) == 2


def test_what_is_wrong_is_told_in_two_lines(run: Run, pool: Path, mine: Path) -> None:
    both = shutil.copytree(mine, pool.parent / "both")
    (both / "config.json").write_text("{}")
    (both / "model.safetensors").write_bytes(b"")
    for asked, message in (
        ((both,), "holds full weights and an adapter"),
        ((mine, "--adapter", "none"), "is an adapter without a model"),
        ((mine, "--adapter", mine), "is an adapter itself"),
    ):
        ran = run("scan", pool, *LABELS, "--model", *asked)
        assert ran.status == 1 and message in ran.err
        assert "Traceback" not in ran.err and " hint: " in ran.err


def test_a_prompt_needs_no_peft(
    run: Run, pool: Path, mine: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run("prompt", pool, "r7", *LABELS, "--model", tiny_llama).out
    monkeypatch.setitem(sys.modules, "peft", None)
    assert run("prompt", pool, "r7", *LABELS, "--model", mine).out == plain != ""
    refused = run("scan", pool, *LABELS, "--model", mine)
    assert refused.status == 2
    assert "pip install 'neufs-tui[adapters]'" in refused.err


def test_what_a_session_was_labelled_with_comes_back_and_is_exported(
    run: Run, put_on: Path, mine: Path, tiny_llama: Path
) -> None:
    chosen = run("next", put_on, "--json")
    assert chosen.status == 0, chosen.err
    (put_on.parent / "neufs.toml").unlink()
    again = run("next", put_on, "--json")
    assert again.json["id"] == chosen.json["id"]
    assert run("export", put_on, "-o", put_on.parent / "few.jsonl").status == 0
    manifest = json.loads((put_on.parent / "few.jsonl.manifest.json").read_text())
    told = {key: manifest["model"][key] for key in ("name", "adapter", "base")}
    assert told == {"name": str(tiny_llama), "adapter": str(mine), "base": None}


def test_a_readout_is_learned_of_the_model_with_its_adapter(
    run: Run, put_on: Path, mine: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "classifier"
    told = run("export", put_on, "--readout", folder)
    assert told.status == 0, told.err
    (row,) = load(folder, device="cpu").predict(["A new text."])
    assert [*row] == ["yes", "no"]
    moved = shutil.copytree(mine, tmp_path / "moved")
    assert load(folder, device="cpu", adapter=str(moved)).predict(["A new text."]) == [row]
    with pytest.raises(ModelError, match="is not the model that the readout"):
        load(folder, device="cpu", adapter="none")


def test_an_adapter_is_compared_with_its_base(
    run: Run, put_on: Path, mine: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    rows = [{"text": f"Another text, {n}.", "label": "no" if n % 3 else "yes"} for n in range(12)]
    asked = ["evaluate", put_on, "--test", write_rows(tmp_path / "gold.jsonl", rows)]
    reports = run(*asked, "--model", mine, "--model", tiny_llama, "--json").json["reports"]
    assert [one["name"] for one in reports] == ["mine", tiny_llama.name]
    first, second = (one["tests"][0]["sets"] for one in reports)
    assert first != second
    (own,) = run(*asked, "--json").json["reports"]
    assert own["name"] == f"{tiny_llama.name} + mine"
    assert own["tests"][0]["sets"] == first
    refused = run(*asked, "--model", mine, "--model", tiny_llama, "--adapter", mine)
    assert refused.status == 2 and "--adapter belongs to one model" in refused.err
