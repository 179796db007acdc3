"""A tokenizer alone is the one that comes with the model, and no weights are read for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loading import intact
from neufs_tui.model.loading.tokenizer import LoadedTokenizer, load_tokenizer
from tests.adapters import write_config
from tests.models import Listener, load
from tests.tiny import CHAT_TEMPLATE, save_tiny_gguf, tiny_tokenizer


def tokenizer_of(
    name: Path, models_dir: Path, listener: Listener, patched: pytest.MonkeyPatch
) -> LoadedTokenizer:
    """Fails where weights are read."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("weights")

    patched.setattr(intact.AutoModelForCausalLM, "from_pretrained", refuse)
    return load_tokenizer(ModelChoice(str(name)), models_dir, listener)


@pytest.mark.parametrize("is_gguf", [False, True])
def test_it_is_the_models_own(
    is_gguf: bool,
    tiny_llama: Path,
    tmp_path: Path,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = save_tiny_gguf(tmp_path / "tiny.gguf") if is_gguf else tiny_llama
    loaded = load(name, tmp_path / "models", Listener())  # unpacks a GGUF file once
    alone = tokenizer_of(name, tmp_path / "models", listener, monkeypatch)
    assert alone.context_window == loaded.context_window
    own = loaded.tokenizer
    assert alone.tokenizer.get_vocab() == own.get_vocab()
    assert alone.tokenizer.chat_template == own.chat_template
    text = "Where can I renew <|end|> my library card?\n\n🙂"
    assert alone.tokenizer.encode(text) == own.encode(text)
    assert "weights" not in [stage for stage, _ in listener.stages]


def with_template(folder: Path, template: str, *, alone: bool = False) -> None:
    """A tokenizer of its own, or its chat template alone."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["<mine>"])
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    if alone:
        (folder / "tokenizer.json").unlink()
        (folder / "tokenizer_config.json").unlink()


@pytest.mark.parametrize("alone", [False, True])
def test_an_adapters_own_wins_over_its_bases(
    alone: bool,
    tiny_llama: Path,
    tmp_path: Path,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = write_config(tmp_path / "mine", base_model_name_or_path=str(tiny_llama))
    before = tokenizer_of(mine, tmp_path, listener, monkeypatch)
    assert before.tokenizer.chat_template == CHAT_TEMPLATE
    with_template(mine, "{{ messages[0]['content'] }}", alone=alone)
    own = tokenizer_of(mine, tmp_path, listener, monkeypatch)
    assert own.tokenizer.chat_template == "{{ messages[0]['content'] }}"
    assert ("<mine>" in own.tokenizer.get_vocab()) is not alone
    assert own.context_window == before.context_window == 256


def test_an_adapters_broken_tokenizer_is_one_sentence(
    tiny_llama: Path, tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_config(tmp_path / "mine", base_model_name_or_path=str(tiny_llama))
    (mine / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"mine/tokenizer\.json cannot be read as JSON"):
        tokenizer_of(mine, tmp_path, listener, monkeypatch)


def test_what_is_not_there_is_one_sentence(tmp_path: Path, listener: Listener) -> None:
    with pytest.raises(ModelError, match="there is no folder"):
        load_tokenizer(ModelChoice(str(tmp_path / "none")), tmp_path, listener)


def test_a_broken_tokenizer_is_one_sentence(
    tiny_llama: Path, tmp_path: Path, listener: Listener
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    for file in tiny_llama.iterdir():
        if file.is_file():
            (folder / file.name).symlink_to(file)
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError):
        load_tokenizer(ModelChoice(str(folder)), tmp_path, listener)
