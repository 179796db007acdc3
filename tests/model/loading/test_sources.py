"""Models of the hub: found at one commit, and what is said when the hub does not give them."""

from __future__ import annotations

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

from neufs_tui.errors import ModelError
from neufs_tui.model.loading import sources
from tests.models import load

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


def test_an_adapter_on_the_hub_is_refused(
    tiny_llama: Path, tmp_path: Path, hub_cache: Path
) -> None:
    snapshot = put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)
    (snapshot / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match=f"{NAME} holds an adapter"):
        load(NAME, tmp_path)


@pytest.mark.parametrize("has_config", [True, False])
def test_the_hub_is_asked_whether_there_is_an_adapter(
    has_config: bool,
    tiny_llama: Path,
    tmp_path: Path,
    hub_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = put_into_hub_cache(tiny_llama, hub_cache, "a" * 40)

    def answered(*_: object) -> str:
        if not has_config:
            raise answer(RemoteEntryNotFoundError)
        return str(snapshot / "config.json")

    def exists(name: str, file: str, *, revision: str | None) -> bool:
        return (name, file) == (NAME, "adapter_config.json") and revision in {"a" * 40, None}

    monkeypatch.setattr(sources, "hf_hub_download", answered)
    monkeypatch.setattr(sources, "file_exists", exists)
    with pytest.raises(ModelError, match=f"{NAME} holds an adapter"):
        load(NAME, tmp_path)


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
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(sources, "hf_hub_download", refuse)
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


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load(str(tmp_path), tmp_path)
