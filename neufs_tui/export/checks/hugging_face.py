"""A folder for Hugging Face datasets, read again."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from neufs_tui.export.checks.found import Found
from neufs_tui.export.checks.reading import Check, TextLabel, rows
from neufs_tui.export.few_shot_set import FewShotSet


class _DatasetRow(TextLabel):
    id: str


def _hf(path: Path, _: FewShotSet) -> Found:
    header = (path / "README.md").read_bytes().decode().split("---\n", 2)[1]
    told = yaml.safe_load(header)
    (config,) = told["configs"]
    parts = {one["split"]: rows(path / one["path"], _DatasetRow) for one in config["data_files"]}
    (of_label,) = (one for one in told["dataset_info"]["features"] if one["name"] == "label")
    names = of_label["dtype"]["class_label"]["names"]
    shots = {part: [(one.text, one.label) for one in read] for part, read in parts.items()}
    labels = [names[str(number)] for number in range(len(names))]
    return Found(shots["train"], labels=labels, tests=shots.get("test"))


def _hf_loaded(path: Path, _: FewShotSet) -> Found:
    from datasets import load_dataset

    with TemporaryDirectory() as cache:
        splits = load_dataset(str(path), cache_dir=cache)
        names = splits["train"].features["label"].names
        shots = {
            split: [(one["text"], names[one["label"]]) for one in read]
            for split, read in splits.items()
        }
    return Found(shots["train"], labels=names, tests=shots.get("test"))


CHECKS = {
    "hf": Check(_hf, "datasets", _hf_loaded),
}
"""Name of a format → how it is read again."""
