"""A model is checked once, and again when anything that the proof rests on has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading import checked
from neufs_tui.model.loading.checked import load_checked_model
from neufs_tui.model.ways import Ways
from tests.models import Listener
from tests.tiny import save_tiny_model


def load(folder: Path, dtype: str = "float32") -> tuple[LoadedModel, list[str]]:
    listener = Listener()
    choice = ModelChoice(str(folder / "model"), device="cpu", dtype=dtype)
    loaded = load_checked_model(choice, folder / "models", listener)
    return loaded, [name for name, _ in listener.stages]


def test_a_model_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tiny_model(tmp_path / "model", "gpt2")
    first, stages = load(tmp_path)
    assert "check" in stages
    again, stages = load(tmp_path)
    assert "check" not in stages and again.ways == first.ways
    _, stages = load(tmp_path, "bfloat16")
    assert "check" in stages
    monkeypatch.setattr(checked.neufs_tui, "__version__", "another")
    _, stages = load(tmp_path)
    assert "check" in stages


def test_what_was_proved_is_what_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tiny_model(tmp_path / "model", "llama")
    monkeypatch.setattr(checked, "check_structure", lambda _: Ways(tree=False, alone=True))
    assert load(tmp_path)[0].ways == Ways(tree=False, alone=True)
    assert load(tmp_path)[0].ways == Ways(tree=False, alone=True)


def test_a_model_that_failed_is_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tiny_model(tmp_path / "model", "llama")

    def fail(_: LoadedModel) -> Ways:
        raise ModelError("it cannot be read rightly")

    with monkeypatch.context() as patched:
        patched.setattr(checked, "check_structure", fail)
        with pytest.raises(ModelError, match="read rightly"):
            load(tmp_path)
    assert "check" in load(tmp_path)[1]
