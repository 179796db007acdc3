"""The manifest: everything an exported few-shot set depends on, beside it in JSON."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from neufs_tui import __version__
from neufs_tui.core.calibration import Calibration
from neufs_tui.core.labelled import LabelledExample, class_counts
from neufs_tui.core.prompts import PROMPT_DATE, system_message
from neufs_tui.core.records import ModelIdentity, Task
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.export.few_shot_set import SELECTION
from neufs_tui.export.strict_json import strict_json

_TEXTS = (
    "Exported as they are. To choose the examples, what looks like a control token of the model "
    "in the instruction, a text or an answer was encoded as text. A tokenizer that is given the "
    "rendered chat whole makes a control token of it: encode contents apart, or as text. Turn "
    "markers that the tokenizer knows no token for cannot be told from the same characters in a "
    "text."
)
"""What is promised of texts that hold a turn marker."""
_PACKAGES = ("torch", "transformers", "textual")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a few-shot set comes from."""

    task: Task
    selection: SelectionSettings
    model: ModelIdentity | None
    """None when no model was ever loaded in the session."""
    pool_name: str
    """The pool's file name."""
    pool_sha256: str
    """Digest of the pool's bytes when it was last opened for labelling."""
    created_at: str
    """ISO 8601, UTC."""
    calibration: Calibration | None
    """What calibrates the model's answers behind the exported set; None when that is not known."""
    versions: Mapping[str, str]
    """Package → version; see `installed_versions`."""


def installed_versions() -> dict[str, str]:
    """Versions of Python, this program and what shapes its numbers, without importing them."""
    versions = {"python": platform.python_version(), "neufs-tui": __version__}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def manifest_json(
    provenance: Provenance,
    labelled: Sequence[LabelledExample],
    format_name: str,
    *,
    left_out: Sequence[LabelledExample] = (),
    order: str = SELECTION,
    choice: Mapping[str, Any] | None = None,
    retrieval: Mapping[str, Any] | None = None,
    readout: Mapping[str, Any] | None = None,
    redacted: Sequence[str] = (),
    placeholder: str | None = None,
) -> str:
    """Describe an export.

    Args:
        provenance: where it comes from.
        labelled: the exported examples, in the export's order.
        format_name: the export's format.
        left_out: check examples, which are labelled and no demonstrations.
        order: name of the export's order.
        choice: how number and order were chosen; None where nothing was compared.
        retrieval: how a text's examples are found; None where every text sees all.
        readout: what the labels teach of a model; None where that is not exported.
        redacted: fields of the pool's rows that are left out.
        placeholder: what stands where a text goes; None where the export has none.

    Returns:
        One JSON object, indented.
    """
    task, selection = provenance.task, provenance.selection
    manifest = {
        "created_at": provenance.created_at,
        "format": format_name,
        "k": len(labelled),
        "order": order,
        "choice": choice,
        "retrieval": retrieval,
        "readout": readout,
        "redacted": [*redacted],
        "placeholder": placeholder,
        "model": asdict(provenance.model) if provenance.model else None,
        "prompt": {
            "system": system_message(task),
            "instruction": task.instruction,
            "input": task.input,
            "answer_prefix": task.answer_prefix,
            "date": PROMPT_DATE.isoformat(),
            "texts": _TEXTS,
        },
        "labels": [asdict(label) for label in task.labels],
        "by_label": class_counts(labelled, task.label_names),
        "hunted": sum(one.hunted for one in labelled),
        "given": sum(bool(one.given) for one in labelled),
        "strategy": {
            "name": selection.strategy_name,
            "shots": selection.shots,
            "tau": selection.tau,
            "seed": selection.seed,
            "difficulty": selection.difficulty,
            "raw_counts": selection.raw_counts,
            "choose_from": selection.choose_from,
            "check": selection.check,
            "test": selection.test or None,
        },
        "pool": {"file": provenance.pool_name, "sha256": provenance.pool_sha256},
        "ids": [one.example.stable_id for one in labelled],
        "hashes": [one.example.id for one in labelled],
        "examples": [_example(one, task) for one in labelled],
        "calibration": _calibration(provenance.calibration),
        "left_out": {
            "check": [
                {"id": one.example.stable_id, "hash": one.example.id, "label": one.answer.text}
                for one in left_out
            ],
        },
        "versions": dict(provenance.versions),
    }
    return strict_json(manifest, indent=2) + "\n"


def _calibration(known: Calibration | None) -> dict[str, Any] | None:
    if known is None:
        return None
    return {
        "offsets": dict(known.offsets),
        "added_to": "the mean log-probability (in nats) of a label's tokens, behind this set",
        "prior": dict(known.prior),
        "labels": known.n_labels,
        "texts": known.n_sample,
    }


def changes_since(task: Task, labelled: Sequence[LabelledExample]) -> str:
    """How many labels were given when something else was asked; empty when none was."""
    changes = [task.changes_since(one.task) for one in labelled if one.task is not None]
    parts = " and ".join(dict.fromkeys(part for parts in changes for part in parts))
    n_other = sum(bool(parts) for parts in changes)
    if not n_other:
        return ""
    of = f"{n_other:,} of {len(labelled):,} labels were given"
    return f"{of} with another {parts} than is asked now"


def _example(one: LabelledExample, task: Task) -> dict[str, Any]:
    """How one example came to be labelled; `why` is None when no ranking chose it."""
    return {
        "id": one.example.stable_id,
        "hash": one.example.id,
        "label": one.answer.text,
        "seq": one.seq,
        "seconds": one.seconds,
        "shown": one.shown,
        "hunted": one.hunted,
        "flagged": one.flagged,
        "given": one.given or None,
        "asked_with_another": task.changes_since(one.task) if one.task else None,
        "model": one.pick.model.fingerprint if one.pick and one.pick.model else None,
        "why": asdict(one.pick) if one.pick else None,
    }
