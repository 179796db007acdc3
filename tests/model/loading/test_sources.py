"""Models of the hub: found at one commit, and what is said when the hub does not give them."""

from __future__ import annotations

import json
import re
import shutil
from hashlib import sha1, sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)
from transformers import AutoConfig

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loading import hub
from neufs_tui.model.loading.tokenizer import load_tokenizer
from tests.adapters import save_adapter, write_config
from tests.models import Listener, load

NAME = "Someone/Some-4B"


def put_into_hub_cache(model: Path, cache: Path, commit: str, name: str = NAME) -> Path:
    """Lay a model's files out as the hub's library caches them; returns the snapshot."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    for folder in (snapshot, repository / "blobs", repository / "refs"):
        folder.mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text(commit)
    for file in model.iterdir():
        content = file.read_bytes()
        digest = sha256 if file.suffix == ".safetensors" else sha1
        blob = repository / "blobs" / digest(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / file.name).unlink(missing_ok=True)
        (snapshot / file.name).symlink_to(blob)
    return snapshot


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, empty, and no way to the hub."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return cache


def test_a_model_of_the_hub_is_known_by_what_its_commit_holds(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    first = load(NAME, tmp_path)
    assert (first.name, first.architecture.n_layers) == (NAME, 3)
    assert load(str(tiny_llama), tmp_path).fingerprint == first.fingerprint
    (tmp_path / "next").mkdir()
    for file in tiny_llama.iterdir():
        changed = b" " if file.name == "config.json" else b""
        (tmp_path / "next" / file.name).write_bytes(changed + file.read_bytes())
    put_into_hub_cache(tmp_path / "next", hub_cache, "b" * 40)
    assert load(NAME, tmp_path).fingerprint != first.fingerprint


def test_every_file_is_asked_for_at_one_commit(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    real = AutoConfig.from_pretrained

    def moving_on(name: str, **options: Any) -> Any:
        put_into_hub_cache(tmp_path / "nothing", hub_cache, "b" * 40)
        return real(name, **options)

    (tmp_path / "nothing").mkdir()
    monkeypatch.setattr(AutoConfig, "from_pretrained", moving_on)
    assert load(NAME, tmp_path).architecture.n_layers == 3


def test_a_damaged_file_in_the_hubs_cache_is_named(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    snapshot = put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    file = snapshot / "model.safetensors"
    file.resolve().write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError, match=rf"{file} is damaged or cut short"):
        load(NAME, tmp_path)


def test_weights_that_do_not_arrive_are_a_matter_of_the_connection(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    snapshot = put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=f"reading the weights of {NAME} failed") as caught:
        load(NAME, tmp_path)
    assert "connection to the hub" in caught.value.hint


def test_a_model_is_known_by_what_was_fetched_while_it_was_read(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, config = tmp_path / "whole", tmp_path / "config"
    shutil.copytree(tiny_llama, whole)
    config.mkdir()
    shutil.copy(whole / "config.json", config)
    put_into_hub_cache(config, hub_cache, "a" * 40)
    real = AutoConfig.from_pretrained

    def fetching(name: str, **options: Any) -> Any:
        put_into_hub_cache(whole, hub_cache, "a" * 40)
        return real(name, **options)

    monkeypatch.setattr(AutoConfig, "from_pretrained", fetching)
    first = load(NAME, tmp_path)
    assert first.fingerprint == load(whole, tmp_path).fingerprint
    assert {file.name for file in first.files} >= {"model.safetensors", "tokenizer.json"}


ADAPTER = "Someone/Some-LoRA"


@pytest.fixture
def mine(tiny_llama: Path, tmp_path: Path) -> Path:
    """A LoRA on the tiny Llama, which it knows as one of the hub."""
    save_adapter(tmp_path / "mine", tiny_llama)
    return write_config(tmp_path / "mine", **adapter_config(tmp_path / "mine"))


def adapter_config(folder: Path, **more: object) -> dict[str, Any]:
    said = json.loads((folder / "adapter_config.json").read_text())
    return said | {"base_model_name_or_path": NAME} | more


def test_an_adapter_of_the_hub_is_put_on_its_base_of_the_hub(
    mine: Path, tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    put_into_hub_cache(mine, hub_cache, "b" * 40, ADAPTER)
    found, here = load(ADAPTER, tmp_path), load(mine, tmp_path)
    assert (found.name, found.base) == (ADAPTER, NAME)
    assert found.fingerprint == here.fingerprint != load(NAME, tmp_path).fingerprint
    assert load(NAME, tmp_path, adapter=ADAPTER).fingerprint == found.fingerprint
    commits = {file.parent.name for file in found.files}
    assert commits == {"a" * 40, "b" * 40}


def test_the_revision_that_an_adapter_names_is_its_bases(
    mine: Path, tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    (tmp_path / "nothing").mkdir()
    put_into_hub_cache(tmp_path / "nothing", hub_cache, "c" * 40)
    with pytest.raises(ModelError, match=f"the base of the adapter {mine} cannot be read"):
        load(mine, tmp_path)
    write_config(mine, **adapter_config(mine, revision="a" * 40))
    assert "a" * 40 in {file.parent.name for file in load(mine, tmp_path).files}


def test_a_hub_id_with_weights_and_an_adapter_leaves_open_which_is_meant(
    mine: Path, tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    put_into_hub_cache(mine, hub_cache, "a" * 40)
    with pytest.raises(ModelError, match=f"{NAME} holds full weights and an adapter") as caught:
        load(NAME, tmp_path)
    assert "--adapter none" in caught.value.hint and f"--adapter {NAME}" in caught.value.hint
    alone, both = load(NAME, tmp_path, adapter="none"), load(NAME, tmp_path, adapter=NAME)
    assert alone.fingerprint == load(tiny_llama, tmp_path).fingerprint != both.fingerprint


def test_what_of_an_adapter_is_not_here_is_asked_of_the_hub(
    mine: Path, tiny_llama: Path, tmp_path: Path, hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    (tmp_path / "nothing").mkdir()
    kept = put_into_hub_cache(tmp_path / "nothing", hub_cache, "b" * 40, ADAPTER)
    there = {file.name for file in mine.iterdir()}
    asked: list[list[str]] = []

    def arrive(*files: str) -> None:
        for file in files:
            shutil.copy(mine / file, kept)

    def download(name: str, file: str, *, revision: str | None) -> str:
        if name == NAME:
            return str(base / file)
        if file not in there:
            raise answer(RemoteEntryNotFoundError)
        arrive(file)
        return str(kept / file)

    def exists(name: str, file: str, *, revision: str | None) -> bool:
        return name == ADAPTER and revision in {None, "b" * 40} and file in there

    def fetch(name: str, *, revision: str, allow_patterns: list[str]) -> None:
        assert (name, revision) == (ADAPTER, "b" * 40)
        asked.append(allow_patterns)
        arrive(*there & {*allow_patterns})

    monkeypatch.setattr(hub, "hf_hub_download", download)
    monkeypatch.setattr(hub, "file_exists", exists)
    monkeypatch.setattr(hub, "snapshot_download", fetch)
    load_tokenizer(ModelChoice(ADAPTER), tmp_path, Listener())
    assert not (kept / "adapter_model.safetensors").exists()
    assert load(ADAPTER, tmp_path).base == NAME
    assert asked[2:] == [["adapter_model.safetensors"]]


def test_an_adapter_of_the_hub_whose_weights_do_not_arrive_is_one_sentence(
    mine: Path, tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    kept = put_into_hub_cache(mine, hub_cache, "b" * 40, ADAPTER)
    (kept / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match=f"the adapter {ADAPTER} has no weights"):
        load(ADAPTER, tmp_path)


def answer(kind: type[Exception], status: int = 404) -> Exception:
    if not issubclass(kind, HfHubHTTPError):
        return kind("not in the cache")
    response: Any = SimpleNamespace(headers={}, request=None, status_code=status)
    return kind("the server said so", response=response)


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (answer(GatedRepoError, 403), f"{NAME} is gated", f"https://huggingface.co/{NAME}"),
        (answer(RepositoryNotFoundError), f"no model {NAME} on the hub", "check the name"),
        (answer(LocalEntryNotFoundError), "hub cannot be reached", "HF_HUB_OFFLINE"),
        (
            answer(RemoteEntryNotFoundError),
            r"on the hub holds no config\.json",
            "format of transformers",
        ),
        (ValueError("no\nsuch"), r"does not give .*: no$", "try again later"),
        (answer(HfHubHTTPError, 500), r"does not give .*: the server said so", "try again later"),
    ],
)
def test_what_the_hub_says_is_told_apart(
    error: Exception,
    message: str,
    hint: str,
    tmp_path: Path,
    hub_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(hub, "hf_hub_download", refuse)
    with pytest.raises(ModelError, match=message) as caught:
        load(NAME, tmp_path)
    assert hint in caught.value.hint


def test_a_hub_that_cannot_be_reached_is_said_so(tmp_path: Path, hub_cache: Path) -> None:
    with pytest.raises(ModelError, match=f"cannot be reached, and {NAME} is not in its cache"):
        load(NAME, tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./nowhere", "there is no folder"),
        ("/nowhere/at/all", "there is no folder"),
        ("nothing.gguf", "there is no GGUF file"),
        ("my model", "neither a folder here nor a name that the hub could have"),
        (__file__, "is neither a folder nor a GGUF file"),
    ],
)
def test_names_that_lead_nowhere_are_told(
    name: str, message: str, tmp_path: Path, hub_cache: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        load(name, tmp_path)


def test_an_adapter_and_its_base_lie_where_it_says_or_where_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_llama: Path
) -> None:
    shutil.copytree(tiny_llama, tmp_path / "base")
    mine = tmp_path / "mine"
    save_adapter(mine, tiny_llama)
    write_config(mine, **adapter_config(mine, base_model_name_or_path="../base"))
    found = load(mine, tmp_path)
    assert (found.name, found.base, found.adapter) == (str(mine), str(tmp_path / "base"), None)
    write_config(mine, **adapter_config(mine, base_model_name_or_path="base"))
    monkeypatch.chdir(tmp_path)
    assert load("mine", tmp_path).base == "base"
    other = load(tiny_llama, tmp_path, adapter="mine")
    assert (other.name, other.base, other.adapter) == (str(tiny_llama), None, "mine")
    assert other.fingerprint == load("mine", tmp_path).fingerprint


def refused(tmp_path: Path, name: Path | str, adapter: Path | str | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load(name, tmp_path / "models", adapter=None if adapter is None else str(adapter))
    return caught.value


def test_what_cannot_be_put_together_is_refused(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    mine = write_config(tmp_path / "mine", base_model_name_or_path=str(tiny_llama))
    for name, adapter, message, hint in (
        (mine, mine, "is an adapter itself, and only one", "--model BASE --adapter"),
        (mine, "none", "is an adapter without a model", f"name its base, {tiny_llama}"),
        (tiny_llama, tiny_llama, "holds no adapter: it has no adapter_config.json", "peft"),
        (tiny_llama, tmp_path / "none", "there is no folder", "check the path"),
        (tiny_llama, __file__, "is neither a folder", "save_pretrained"),
        (tiny_llama, NAME, f"the hub cannot be reached, and {NAME}", "HF_HUB_OFFLINE"),
    ):
        error = refused(tmp_path, name, adapter)
        assert message in error.message and hint in error.hint


def test_a_base_that_cannot_be_read_is_told_with_the_way_out(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    both = shutil.copytree(tiny_llama, tmp_path / "both")
    write_config(both)
    mine = tmp_path / "mine"
    for base, message in (
        ("", "does not say which model it was trained on"),
        ("../gone", f"the base of the adapter {mine} cannot be read: there is no folder ../gone"),
        (NAME, f"cannot be read: the hub cannot be reached, and {NAME} is not in its cache here"),
        (str(both), "holds an adapter too"),
        (str(mine), "cannot be read|holds an adapter too"),
    ):
        error = refused(tmp_path, write_config(mine, base_model_name_or_path=base))
        assert re.search(message, error.message)
        assert f"--model BASE --adapter {mine}" in error.hint


def test_a_folder_with_several_adapters_names_them(tmp_path: Path) -> None:
    for name in ("second", "first"):
        write_config(tmp_path / "all" / name)
    error = refused(tmp_path, tmp_path / "all")
    assert "holds adapters in folders of their own: first, second" in error.message
    assert str(tmp_path / "all" / "first") in error.hint


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load(str(tmp_path), tmp_path)
