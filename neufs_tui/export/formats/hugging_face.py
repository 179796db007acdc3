"""A folder that `datasets.load_dataset` reads as it lies there, labels as ClassLabel."""

from __future__ import annotations

from neufs_tui.core.records import Example
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Shape
from neufs_tui.export.formats.rows import json_line
from neufs_tui.export.formats.templates import to_yaml


def dataset_folder(few_shot: FewShotSet) -> dict[str, str]:
    """A split of the set, one of the test where there is one, and the features of both.

    The README has only the header by which the folder is read; what follows is added to it.
    """
    splits = {"train": [(one.example, one.answer.text) for one in few_shot.labelled]}
    if few_shot.tests:
        splits["test"] = [*few_shot.tests]
    names = dict(enumerate(few_shot.task.label_names))
    header = {
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": one, "path": f"{one}.jsonl"} for one in splits],
            }
        ],
        "dataset_info": {
            "features": [
                {"name": "id", "dtype": "string"},
                {"name": "text", "dtype": "string"},
                {
                    "name": "label",
                    "dtype": {"class_label": {"names": {str(n): one for n, one in names.items()}}},
                },
            ]
        },
    }
    rows = {
        f"{split}.jsonl": "".join(_row(*one) for one in examples)
        for split, examples in splits.items()
    }
    return {"README.md": f"---\n{to_yaml(header)}---\n\n", **rows}


def _row(example: Example, label: str) -> str:
    return json_line({"id": str(example.stable_id), "text": example.text, "label": label})


FORMATS = {
    "hf": Format(
        Shape.ROWS,
        "Hugging Face datasets, `neufs-tui import`",
        KEPT,
        "hf",
        dataset_folder,
        'rows = datasets.load_dataset("/path/of/this/folder")["train"]\n'
        'rows.features["label"].names',
        takes_tests=True,
    ),
}
"""Name → format."""
