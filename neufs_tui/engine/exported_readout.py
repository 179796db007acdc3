"""A folder with all that tells the labels of new texts by a readout, and its loader."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from scipy.sparse import load_npz, save_npz

from neufs_tui import __version__
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Example, Label, Task, content_hash
from neufs_tui.core.settings import NO_ADAPTER, CaptureSettings, ModelChoice, SelectionSettings
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import Learned, scanned
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.export.retrieval.nearest import Vectors, nearest
from neufs_tui.export.strict_json import strict_json
from neufs_tui.export.writer import MANIFEST
from neufs_tui.readout.fitted import FittedReadout
from neufs_tui.readout.stored import VERSION, arrays_of, fitted_from, settings_json
from neufs_tui.storage.paths import cache_dir

if TYPE_CHECKING:
    from neufs_tui.engine.scanning import Scanner

_ARRAYS, _SETTINGS, _LOADER = "readout.npz", "readout.json", "readout.py"
NAMES = (_ARRAYS, _SETTINGS, _LOADER, MANIFEST)
"""The files of a folder."""
_SHOWN, _RETRIEVER = "shown.npz", "retrieve_by_readout.py"
SHOWN_NAMES = (_SHOWN, _RETRIEVER)
"""Those that a folder has beside these and the files of `export.retrieval`, where it shows texts
the examples nearest to them."""


def readout_files(config: EngineConfig, learned: Learned) -> dict[str, str | bytes]:
    """Name → content of every file but the manifest.

    Args:
        config: task, model and capture settings by which the pool was read.
        learned: from the labels.
    """
    arrays = io.BytesIO()
    np.savez(arrays, allow_pickle=False, **arrays_of(learned.readout))
    model = learned.read.model
    told = {
        "version": VERSION,
        "neufs-tui": __version__,
        "task": asdict(config.task),
        # a path is to be found from wherever the folder lies
        "model": asdict(model) | {"name": _placed(model.name), "adapter": _placed(model.adapter)},
        "prompt": learned.read.prompt,
        "capture": asdict(config.capture),
        "settings": settings_json(learned.readout),
    }
    return {
        _ARRAYS: arrays.getvalue(),
        _SETTINGS: strict_json(told, indent=2) + "\n",
        _LOADER: files(__package__).joinpath("readout_loader.py").read_text("utf-8"),
    }


def shown_files(learned: Learned, shown: Sequence[Example]) -> dict[str, str | bytes]:
    """Name → content of what tells which of some examples are nearest to a text.

    Args:
        learned: from the labels.
        shown: the examples, which were read.
    """
    vectors = io.BytesIO()
    save_npz(vectors, learned.vectors(shown))
    loader = files(__package__).joinpath("retrieve_by_readout.py").read_text("utf-8")
    return {_SHOWN: vectors.getvalue(), _RETRIEVER: loader}


def readout_json(config: EngineConfig, learned: Learned) -> dict[str, Any]:
    """What a manifest says of a readout."""
    readout = learned.readout.readout
    offsets = learned.readout.offsets
    names = config.task.label_names
    return {
        "labels": len(learned.readout.labelled),
        "texts": len(config.examples),
        "settings": [
            one | {"share": share}
            for one, share in zip(
                settings_json(learned.readout), readout.shares.tolist(), strict=True
            )
        ],
        "offsets": dict(zip(names, offsets, strict=True)) if offsets is not None else None,
    }


def _placed(name: str | None) -> str | None:
    if name is None or name == NO_ADAPTER or not Path(name).exists():
        return name
    return str(Path(name).resolve())


class ExportedReadout:
    """A readout with its model."""

    def __init__(
        self, config: EngineConfig, fitted: FittedReadout, shown: Vectors | None, scanner: Scanner
    ) -> None:
        """Bind what was exported; use `load`.

        Args:
            config: task and capture settings.
            fitted: the readout.
            shown: where the examples lie that texts are shown; None where none are.
            scanner: reads texts with its model, and is closed.
        """
        self.label_names = config.task.label_names
        """In the order of every prediction."""
        self._fitted = fitted
        self._shown = shown
        self._scanner = scanner

    def predict(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """The probability of each label by name, of each text.

        What is read is kept in the activation cache, as a scan is.

        Raises:
            NeufsError: nothing can be stored.
        """
        found = self._fitted.probabilities(self._read(texts))
        return [dict(zip(self.label_names, row, strict=True)) for row in found.tolist()]

    def nearest(self, texts: Sequence[str]) -> list[list[int]]:
        """Places of the exported examples, the nearest to each text first.

        Raises:
            UsageError: none were exported.
            NeufsError: as `predict`.
        """
        if self._shown is None:
            raise UsageError(
                "no examples to be shown came with the readout",
                hint="export with `--retrieval K --readout FOLDER`",
            )
        queries, n_shown = self._fitted.vectors(self._read(texts)), self._shown.shape[0]
        orders = nearest(self._shown, queries, n_shown, own=[None] * len(texts))
        return [order[::-1] for order in orders]

    def _read(self, texts: Sequence[str]) -> list[Capture]:
        ids = [content_hash(text) for text in texts]
        examples = {one: Example(one, text, row=0) for one, text in zip(ids, texts, strict=True)}
        read = scanned(self._scanner.beside([*examples.values()]), _nobody)
        return [read[one] for one in ids]


def load(
    folder: str | Path,
    *,
    model: str | None = None,
    device: str | None = None,
    device_map: str | None = None,
    trust_remote_code: bool = False,
    trust_self_check: bool = False,
    adapter: str | None = None,
    any_model: bool = False,
) -> ExportedReadout:
    """Load what `export --readout` wrote, with its model.

    Args:
        folder: the folder.
        model: where the model is; None for where it was.
        device: where it runs, such as `cuda`; None chooses.
        device_map: how it is spread over devices, such as `auto`; None keeps it on one.
        trust_remote_code: run code that comes with it.
        trust_self_check: use it though its family is not known, if it passes the self-check.
        adapter: where the adapter is that was named beside it; None for where it was.
        any_model: go on with a model whose files, precision or prompt are others than those that
            the readout was learned with: what it says is then unfounded.

    Raises:
        UsageError: the folder holds no readout of this version.
        ModelError: the model cannot be loaded, or is another.
    """
    from neufs_tui.engine.scanning import Scanner

    told, fitted, shown = _read(Path(folder))
    known = told["model"]
    labels = tuple(Label(**one) for one in told["task"].pop("labels"))
    config = EngineConfig(
        examples=(),
        task=Task(labels, **told["task"]),
        model=ModelChoice(
            model or known["name"],
            device,
            device_map,
            known["dtype"],
            trust_remote_code,
            trust_self_check,
            adapter or known.get("adapter"),
        ),
        cache_dir=cache_dir(),
        capture=CaptureSettings(**told["capture"]),
        selection=SelectionSettings(),
    )
    scanner = Scanner(config, NeededModel(config, _nobody).loaded)
    scanner.close()
    now = (scanner.loaded.fingerprint, scanner.encoder.fingerprint())
    if now != (known["fingerprint"], told["prompt"]) and not any_model:
        raise ModelError(
            f"{config.model.name} is not the model that the readout in {folder} was learned with",
            hint=f"give that of {known['name']} with its files as they were, or export again",
        )
    return ExportedReadout(config, fitted, shown, scanner)


def _read(folder: Path) -> tuple[dict[str, Any], FittedReadout, Vectors | None]:
    hint = "give what `neufs-tui export --readout` wrote"
    try:
        told: dict[str, Any] = json.loads((folder / _SETTINGS).read_text("utf-8"))
        if told["version"] != VERSION:
            hint = f"use neufs-tui {told['neufs-tui']}, or export again"
            raise UsageError(f"the readout in {folder} is of another version", hint=hint)
        shown = load_npz(folder / _SHOWN) if (folder / _SHOWN).exists() else None
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            return told, fitted_from(dict(arrays), told["settings"]), shown
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}", hint=hint) from error
    except (ValueError, KeyError, TypeError, BadZipFile) as error:
        raise UsageError(f"{folder} holds no readout", hint=hint) from error


def _nobody(_: object) -> None:
    """Hears nothing."""
