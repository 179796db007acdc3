"""What an adapter's files say: its kind, its base, and whether they are whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.errors import ModelError
from neufs_tui.model.loading.adapter_files import (
    ADAPTER_WEIGHTS,
    AdapterConfig,
    adapter_weights,
    find_base,
    read_adapter_config,
)
from tests.adapters import write_config


@pytest.mark.parametrize(
    ("said", "base", "revision"),
    [
        ({}, "base", None),
        ({"revision": "v2", "task_type": None}, "base", "v2"),
        ({"base_model_name_or_path": None, "revision": ""}, "", None),
        ({"base_model_name_or_path": 7, "revision": 7}, "", None),
    ],
)
def test_it_names_its_kind_and_its_base(
    said: dict[str, object], base: str, revision: str | None, tmp_path: Path
) -> None:
    found = read_adapter_config("mine", write_config(tmp_path, **said))
    assert found == AdapterConfig("LORA", base, revision)


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ({"peft_type": None}, "names no peft_type", "peft"),
        ({"peft_type": "PROMPT_TUNING"}, r"mine puts virtual tokens .*\(PROMPT_TUNING\)", "LoRA"),
        ({"peft_type": "PREFIX_TUNING"}, "virtual tokens", "LoRA"),
        ({"peft_type": "P_TUNING"}, "virtual tokens", "LoRA"),
        ({"peft_type": "ADAPTION_PROMPT"}, "virtual tokens", "LoRA"),
        ({"peft_type": "XLORA"}, "mixes several adapters", "LoRA"),
        ({"task_type": "SEQ_CLS"}, "for the task SEQ_CLS, not to continue text", "CAUSAL_LM"),
    ],
)
def test_what_cannot_be_merged_is_refused_by_its_kind(
    said: dict[str, object], message: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        read_adapter_config("mine", write_config(tmp_path, **said))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"peft_type":', "cannot be read as JSON"),
        ("[]", "holds no JSON object"),
        ("version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    ],
)
def test_a_damaged_configuration_is_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(ModelError, match=message):
        read_adapter_config("mine", tmp_path)


def model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder.resolve()


def test_a_base_is_looked_for_from_the_adapter_then_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, beside = tmp_path / "here", tmp_path / "there" / "lora"
    beside.mkdir(parents=True)
    near = model(tmp_path / "there" / "base")
    far = model(here / "base")
    model(here / "other")
    monkeypatch.chdir(here)
    assert find_base("../base", beside) == str(near)
    assert find_base(str(far), beside) == str(far)
    assert find_base("other", beside) == "other"
    assert find_base("nowhere", beside) == "nowhere"
    (here / "small.gguf").write_bytes(b"GGUF")
    assert find_base("small.gguf", beside) == "small.gguf"
    assert find_base("Someone/Some-4B", beside) == "Someone/Some-4B"


def test_a_base_in_the_home_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    base = model(tmp_path / "base")
    assert find_base("~/base", tmp_path / "lora") == str(base)


@given(st.lists(st.sampled_from(["cache", "models", "..", "~x"]), max_size=3))
def test_an_embedded_model_is_known_whatever_cache_it_lay_in(parts: list[str]) -> None:
    folder = "/".join(["/gone", *parts, "smollm2-135m-b179c9523d0e"])
    assert find_base(folder, Path("/lora")) == "smollm2-135m"


@given(st.text(st.characters(codec="ascii", exclude_characters="\0~"), min_size=1, max_size=30))
def test_what_leads_nowhere_is_what_was_said(said: str) -> None:
    assert find_base(said, Path("/nowhere/lora")) == said


def test_weights_that_are_not_there_or_damaged_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"mine has no weights: there is no adapter_model"):
        adapter_weights("mine", tmp_path)
    file = tmp_path / ADAPTER_WEIGHTS[0]
    for content, message in (
        (b"", "damaged or cut short"),
        (b"{" * 100, "damaged or cut short"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ):
        file.write_bytes(content)
        with pytest.raises(ModelError, match=message):
            adapter_weights("mine", tmp_path)
    file.unlink()
    (tmp_path / ADAPTER_WEIGHTS[1]).write_bytes(b"no pickle")
    with pytest.raises(ModelError, match="damaged, or holds objects other than tensors"):
        adapter_weights("mine", tmp_path)
