"""Models are told apart by the content of their files, each read once."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from neufs_tui.errors import ModelError
from neufs_tui.model.loading import fingerprint as module
from neufs_tui.model.loading.fingerprint import (
    Digests,
    adapter_files,
    code_files,
    file_sha256,
    fingerprint,
    read_files,
)
from tests.adapters import write_config
from tests.models import Listener, load
from tests.tiny import save_tiny_model

LONG_AGO = 1_600_000_000
MIDDLE = "model.layers.1.mlp.down_proj.weight"


def retrain(folder: Path) -> None:
    """Change one number in the middle of the file, which keeps its size."""
    weights = load_file(folder / "model.safetensors")
    weights[MIDDLE][5, 5] += 1e-3
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def rewritten(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        file = folder / name
        file.write_bytes(file.read_bytes()[::-1])

    return edit


@pytest.fixture
def folder(tiny_llama: Path, tmp_path: Path) -> Path:
    """A tiny model with everything that may come with one."""
    folder = shutil.copytree(tiny_llama, tmp_path / "model")
    (folder / "modeling_own.py").write_text("GATE = 1\n")
    return folder


def of(folder: Path, dtype: str = "float32") -> str:
    memory = folder.parent / "digests.json"
    return fingerprint(read_files(folder), dtype, Digests(memory, Listener()))


@pytest.mark.parametrize(
    "change",
    [
        retrain,
        *map(
            rewritten,
            [
                "config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "chat_template.jinja",
                "modeling_own.py",
            ],
        ),
        lambda folder: (folder / "modeling_own.py").unlink(),
        lambda folder: (folder / "vocab.txt").write_text("a\n"),
    ],
)
@pytest.mark.parametrize("large", [1, 1 << 20])
def test_any_file_that_is_read_makes_another_model(
    change: Callable[[Path], object], large: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGE", large)
    size = (folder / "model.safetensors").stat().st_size
    before = of(folder)
    change(folder)
    assert (folder / "model.safetensors").stat().st_size == size
    assert of(folder) != before


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """The files of an adapter, with a tokenizer of its own."""
    folder = write_config(tmp_path / "adapter")
    (folder / "adapter_model.safetensors").write_bytes(b"low rank")
    (folder / "tokenizer_config.json").write_text("{}")
    return folder


def of_both(folder: Path, adapter: Path) -> str:
    files = [*read_files(folder), *adapter_files(adapter)]
    return fingerprint(files, "float32", Digests(folder.parent / "digests.json", Listener()))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder, adapter: retrain(folder),
        lambda folder, adapter: rewritten("adapter_config.json")(adapter),
        lambda folder, adapter: rewritten("adapter_model.safetensors")(adapter),
        lambda folder, adapter: rewritten("tokenizer_config.json")(adapter),
        lambda folder, adapter: (adapter / "tokenizer_config.json").rename(folder / "vocab.txt"),
    ],
)
def test_any_file_of_an_adapter_or_its_base_makes_another_model(
    change: Callable[[Path, Path], object], folder: Path, adapter: Path
) -> None:
    before = of_both(folder, adapter)
    assert before != of(folder)
    change(folder, adapter)
    assert of_both(folder, adapter) != before


@pytest.mark.parametrize("name", ["README.md", "training_args.bin", "optimizer.pt"])
def test_what_training_leaves_beside_an_adapter_is_not_read(
    name: str, folder: Path, adapter: Path
) -> None:
    before = of_both(folder, adapter)
    (adapter / name).write_text("something")
    assert of_both(folder, adapter) == before


def test_an_adapter_beside_full_weights_is_none_of_their_files(folder: Path, adapter: Path) -> None:
    before = of(folder)
    for file in adapter.glob("adapter_*"):
        file.rename(folder / file.name)
    assert of(folder) == before


def test_the_dtype_makes_another_model(folder: Path) -> None:
    assert of(folder, "float32") != of(folder, "bfloat16")


@pytest.mark.parametrize(
    "name",
    ["pool.jsonl", "pool.neufs.db", "neufs.toml", "README.md", "consolidated.safetensors", "a.bin"],
)
def test_what_is_not_read_makes_no_other_model(name: str, folder: Path) -> None:
    before = of(folder)
    (folder / name).write_text("something")
    assert of(folder) == before


def test_times_of_change_and_the_place_make_no_other_model(folder: Path) -> None:
    before = of(folder)
    for file in folder.iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))
    assert of(folder) == before
    assert of(folder.rename(folder.parent / "elsewhere")) == before


class Reads:
    """Counts the files that are read whole."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settled_s: float) -> None:
        self.files: list[Path] = []
        real, clock = module.file_sha256, module.time.time_ns

        def noting(path: Path) -> str:
            self.files.append(path)
            return real(path)

        monkeypatch.setattr(module, "file_sha256", noting)
        monkeypatch.setattr(module, "_LARGE", 1)
        # The clock goes ahead of the files' times of change, which are those of this moment
        monkeypatch.setattr(module.time, "time_ns", lambda: clock() + int(settled_s * 1e9))


def test_a_file_is_read_once_and_again_when_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, memory = tmp_path / "weights", tmp_path / "cache" / "digests.json"
    file.write_bytes(b"first")
    reads = Reads(monkeypatch, settled_s=60)
    digests = [Digests(memory, Listener()).of([file]) for _ in range(3)]
    assert digests == [[file_sha256(file)]] * 3
    assert reads.files == [file]
    stat = file.stat()
    other = tmp_path / "other"
    other.write_bytes(b"other")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(file)
    assert Digests(memory, Listener()).of([file]) == [file_sha256(file)] != digests[0]
    assert reads.files == [file] * 2


def test_a_file_changed_a_moment_ago_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, memory = tmp_path / "weights", tmp_path / "digests.json"
    file.write_bytes(b"first")
    reads = Reads(monkeypatch, settled_s=1)
    for _ in range(2):
        Digests(memory, Listener()).of([file])
    assert reads.files == [file] * 2


def test_a_file_changed_while_it_is_read_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, memory = tmp_path / "weights", tmp_path / "digests.json"
    file.write_bytes(b"first")
    Reads(monkeypatch, settled_s=60)
    noting = module.file_sha256

    def changing(path: Path) -> str:
        digest = noting(path)
        path.write_bytes(b"longer than before")
        return digest

    monkeypatch.setattr(module, "file_sha256", changing)
    Digests(memory, Listener()).of([file])
    assert not memory.exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x": 3}', '{"x": [1]}', "\0", '{"FILE": [1]}'])
def test_a_damaged_memory_is_forgotten_and_made_again(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, memory = tmp_path / "weights", tmp_path / "digests.json"
    file.write_bytes(b"first")
    memory.write_text(damage.replace("FILE", str(file)))
    reads = Reads(monkeypatch, settled_s=60)
    for _ in range(2):
        assert Digests(memory, Listener()).of([file]) == [file_sha256(file)]
    assert reads.files == [file]


def test_a_memory_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"first")
    Reads(monkeypatch, settled_s=60)
    assert Digests(file / "digests.json", Listener()).of([file]) == [file_sha256(file)]


def test_many_at_once_remember_all_and_forget_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / f"weights-{i}" for i in range(12)]
    for file in files:
        file.write_text(file.name)
    memory = tmp_path / "digests.json"
    Reads(monkeypatch, settled_s=60)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda file: Digests(memory, Listener()).of([file]), files))
    assert set(json.loads(memory.read_text())) == set(map(str, files))
    files[0].unlink()
    files[1].write_text("changed")
    Digests(memory, Listener()).of([files[1]])
    assert set(json.loads(memory.read_text())) == set(map(str, files[1:]))


def test_reading_much_is_told(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SLOW", 2_000_000)
    file = tmp_path / "weights"
    file.write_bytes(b"x" * 2_000_000)
    os.utime(file, (LONG_AGO, LONG_AGO))
    Digests(tmp_path / "digests.json", listener).of([file])
    said = "identifying the model by its files (2 MB, once)"
    assert listener.stages == [("fingerprint", said)]


def test_a_blob_of_the_hub_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(monkeypatch, settled_s=60)
    blob, snapshot = tmp_path / "blobs" / ("b" * 64), tmp_path / "snapshots" / "c0ffee"
    for one in (blob, snapshot / "x"):
        one.parent.mkdir(parents=True)
    blob.write_text("gigabytes")
    linked, own = snapshot / "model.safetensors", snapshot / "config.json"
    linked.symlink_to(blob)
    own.write_text("{}")
    digests = Digests(tmp_path / "digests.json", Listener()).of([linked, own])
    assert digests == ["b" * 64, file_sha256(own)]
    assert reads.files == [own]


def test_a_model_changed_while_it_is_read_is_refused(
    tiny_llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "model")

    class Writing(Listener):
        def stage(self, name: str, detail: str) -> None:
            if name == "weights":
                retrain(folder)

    with pytest.raises(ModelError, match="were changed while they were read"):
        load(folder, tmp_path, Writing())


OWN_MODEL = """
from transformers import LlamaConfig, LlamaForCausalLM
from .own_parts import SCALE

class OwnConfig(LlamaConfig):
    model_type = "own"

class OwnForCausalLM(LlamaForCausalLM):
    config_class = OwnConfig
    scale = SCALE
"""


def test_code_that_comes_with_a_model_counts_wherever_it_lies(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "code")
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = save_tiny_model(tmp_path / "own_model")
    file = folder / "config.json"
    config = json.loads(file.read_text()) | {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"},
    }
    file.write_text(json.dumps(config))
    (folder / "own.py").write_text(OWN_MODEL)
    fingerprints = set()
    for scale in (1, 2):
        (folder / "own_parts.py").write_text(f"SCALE = {scale}\n")
        loaded = load(folder, tmp_path, listener, trust_remote_code=True)
        assert loaded.model.scale == scale
        names = {code.name for code in code_files(loaded.model)}
        assert {"own.py", "own_parts.py"} <= names
        fingerprints.add(loaded.fingerprint)
    assert len(fingerprints) == 2
