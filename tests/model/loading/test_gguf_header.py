"""GGUF files that cannot be unpacked are told by their header, before anything else is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neufs_tui.errors import ModelError
from neufs_tui.model.loading import gguf_files
from neufs_tui.model.loading.free_memory import FreeMemory
from neufs_tui.model.loading.gguf_bytes import DamagedGguf, read_stored_header
from neufs_tui.model.loading.gguf_header import read_header, readable_architectures
from tests.models import Listener, load
from tests.tiny import save_tiny_gguf

DOCS = Path(__file__).parents[3] / "docs" / "models.md"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_a_header_tells_architecture_and_size(whole: Path) -> None:
    header = read_header(whole)
    reader = gguf.GGUFReader(whole)
    assert header.architecture == "llama"
    assert header.n_weights == sum(int(tensor.n_elements) for tensor in reader.tensors)
    stored = read_stored_header(whole)
    assert stored.tensors_at == reader.data_offset
    assert stored.values["llama.rope.freq_base"] == 123_456
    assert stored.values["tokenizer.ggml.tokens"] == len(
        reader.fields["tokenizer.ggml.tokens"].data
    )


def test_the_documentation_lists_the_architectures_that_transformers_reads() -> None:
    section = DOCS.read_text().split("that transformers reads:\n\n")[1].split("\n\n")[0]
    assert section.split() == [f"{one}," for one in sorted(readable_architectures())[:-1]] + [
        sorted(readable_architectures())[-1]
    ]


@pytest.mark.parametrize(
    ("name", "made", "message", "hint"),
    [
        ("a", {"architecture": "rwkv7"}, r"architecture 'rwkv7', which transformers", "llama, "),
        ("a", {"architecture": "t5"}, r"architecture 't5', which transformers", "llama, "),
        ("a", {"architecture": "clip"}, r"image projector \(mmproj\)", "lies beside it"),
        ("a", {"general_type": "mmproj"}, r"image projector \(mmproj\)", "lies beside it"),
        ("a", {"general_type": "adapter"}, "of the type 'adapter', not a model", "language model"),
        ("a", {"with_tokenizer": False}, r"holds no tokenizer \(tokenizer\.ggml", "with one"),
        ("a", {"split_count": 3}, "one part of a GGUF file", "--merge a.gguf whole.gguf"),
        ("a-00002-of-00003", {}, "one part of a GGUF file", "--merge a-00001-of-00003.gguf whole"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_before_it_is(
    name: str, made: dict[str, Any], message: str, hint: str, tmp_path: Path
) -> None:
    path = save_tiny_gguf(tmp_path / f"{name}.gguf", **made)
    listener = Listener()
    with pytest.raises(ModelError, match=message) as caught:
        load(path, tmp_path / "models", listener)
    assert hint in caught.value.hint
    assert "unpacking" not in str(listener.stages)
    assert not (tmp_path / "models").exists()


def test_a_file_in_one_part_is_read(tmp_path: Path) -> None:
    save_tiny_gguf(tmp_path / "a-00001-of-00001.gguf", split_count=1)
    assert read_header(tmp_path / "a-00001-of-00001.gguf").architecture == "llama"


def test_tensors_that_nothing_unpacks_are_refused(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_token_list(["a"])
    writer.add_tensor("output.weight", np.zeros((2, 3), dtype=np.int32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelError, match="tensors of the type I32, which cannot be unpacked"):
        read_header(tmp_path / "a.gguf")


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_is_cut_short_anywhere_is_said_so(
    data: st.DataObject, whole: Path, tmp_path: Path
) -> None:
    content = whole.read_bytes()
    length = data.draw(st.integers(0, len(content) - 32))
    (tmp_path / "cut.gguf").write_bytes(content[:length])
    with pytest.raises(ModelError, match=r"cut\.gguf cannot be read: .*(cut short|not begin)"):
        read_header(tmp_path / "cut.gguf")


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_header_is_never_more_than_an_error(
    data: st.DataObject, whole: Path, tmp_path: Path
) -> None:
    content = bytearray(whole.read_bytes())
    at = data.draw(st.integers(0, read_stored_header(whole).tensors_at - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "bad.gguf").write_bytes(content)
    try:
        read_header(tmp_path / "bad.gguf")
    except ModelError as error:
        assert error.hint


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "cut short"), (b"PK\x03\x04" * 9, "does not begin"), (b"GGUF\x01\0\0\0", "version 1")],
)
def test_what_is_no_such_file_is_said_so(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(content)
    with pytest.raises(DamagedGguf, match=why):
        read_stored_header(tmp_path / "a.gguf")


@pytest.mark.parametrize(
    ("disk", "memory", "where"), [(1 << 10, 1 << 40, "on the disk"), (1 << 40, 1 << 10, "memory")]
)
def test_what_has_no_room_once_unpacked_is_refused(
    disk: int,
    memory: int,
    where: str,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = type("Usage", (), {"free": disk})
    monkeypatch.setattr(gguf_files, "disk_usage", lambda _: usage)
    monkeypatch.setattr(gguf_files, "free_memory", lambda: FreeMemory(memory))
    message = rf"takes 163 kB once unpacked to float32, and 1 kB are free .*{where}"
    with pytest.raises(ModelError, match=message):
        load(whole, tmp_path / "models")
    assert [one for one in (tmp_path / "models").iterdir() if one.is_dir()] == []


def test_the_architectures_are_names_of_gguf() -> None:
    readable = readable_architectures()
    assert readable <= set(gguf.MODEL_ARCH_NAMES.values())
    assert {"llama", "qwen2", "qwen3", "gemma3", "qwen3moe", "gpt-oss"} <= readable
