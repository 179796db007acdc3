"""The files that show each new text the labelled examples nearest to it, outside this program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.prompts import system_message
from neufs_tui.core.records import Task
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError
from neufs_tui.export.formats.rows import jsonl_rows
from neufs_tui.export.retrieval.nearest import tfidf_weights
from neufs_tui.export.strict_json import strict_json
from neufs_tui.export.writer import MANIFEST

_BY_READOUT = "mean of the cosines of hidden states and neurons, weighed as the readout weighs them"
NAMES = ("examples.jsonl", "prompt.json", "index.json", "retrieve.py", MANIFEST)
"""The files of a folder."""


def require_enough(k: int, n_labelled: int) -> None:
    """See to it that there are k labels to be shown.

    Raises:
        ExportError: there are fewer.
    """
    if k > n_labelled:
        raise ExportError(
            f"{k:,} nearest examples were asked for and "
            f"{plural(n_labelled, 'example is', 'examples are')} labelled",
            hint=f"ask for 1 to {n_labelled:,}, or label more",
        )


def retrieval_files(
    task: Task, labelled: Sequence[LabelledExample], pool: Sequence[str], k: int
) -> dict[str, str]:
    """Name → content of every file but the manifest.

    Args:
        task: what is asked.
        labelled: what may be shown, in labelling order.
        pool: texts that say how rare a term is.
        k: how many a text is shown.

    Raises:
        ExportError: fewer are labelled.
    """
    require_enough(k, len(labelled))
    prompt = {
        "k": k,
        "system": system_message(task),
        "input": task.input,
        "answer_prefix": task.answer_prefix,
        "labels": [asdict(label) for label in task.labels],
    }
    index = {"idf": tfidf_weights([one.example.text for one in labelled], pool)}
    return {
        "examples.jsonl": jsonl_rows(labelled),
        "prompt.json": strict_json(prompt, indent=2) + "\n",
        "index.json": strict_json(index) + "\n",
        "retrieve.py": files(__package__).joinpath("retrieve.py").read_text("utf-8"),
    }


def retrieval_json(k: int, n_pool: int, *, by_readout: bool = False) -> dict[str, Any]:
    """What the manifest says of how a text's examples are found.

    Args:
        k: how many it is shown.
        n_pool: texts by which terms were weighed.
        by_readout: whether a readout beside them finds examples too.
    """
    return {
        "k": k,
        "nearest_by": "cosine of TF-IDF; terms: runs of 3 to 5 characters within words",
        "nearest_by_readout": _BY_READOUT if by_readout else None,
        "in_prompt": "the nearest last",
        "weighed_by_texts": n_pool,
    }
