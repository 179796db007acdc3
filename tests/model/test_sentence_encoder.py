"""The sentence encoder's library, where it is installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.sentence_encoder import sentence_encoder

installed = pytest.mark.skipif(
    find_spec("sentence_transformers") is None, reason="sentence-transformers is not installed"
)


def test_without_the_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError) as refused:
        sentence_encoder(ModelChoice("any"))
    assert "needs sentence-transformers" in refused.value.message
    assert "neufs-tui[embed]" in refused.value.hint


@installed
def test_a_folder_of_the_library_makes_a_vector_of_each_text(
    tiny_llama: Path, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    words = Transformer(str(tiny_llama), max_seq_length=32)
    words.tokenizer.pad_token = words.tokenizer.eos_token
    pooling = Pooling(words.get_embedding_dimension(), "mean")
    SentenceTransformer(modules=[words, pooling], device="cpu").save(str(tmp_path / "encoder"))
    encode = sentence_encoder(ModelChoice(str(tmp_path / "encoder"), device="cpu"))
    some = encode(["One text.", "Another, longer text."])
    assert some.shape == (2, words.get_embedding_dimension()) and some.dtype == np.float32
    np.testing.assert_allclose(encode(["Another, longer text."])[0], some[1], atol=1e-5)


@installed
@pytest.mark.parametrize(
    ("name", "said"),
    [("./nowhere", "there is no folder ./nowhere"), (".", "reading the sentence encoder . failed")],
)
def test_what_is_no_encoder_is_told_in_a_sentence(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=said):
        sentence_encoder(ModelChoice(name, device="cpu"))
