"""A file of texts with gold labels, to test answers on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Example, Task, content_hash
from neufs_tui.core.text import plural
from neufs_tui.errors import UsageError
from neufs_tui.storage.gold_texts import read_gold_texts
from neufs_tui.storage.pool_place import pool_name


@dataclass(frozen=True, slots=True)
class GoldTest:
    """Texts and what they are."""

    name: str
    """The file's name, without folder and suffix."""
    texts: tuple[Example, ...]
    gold: NDArray[np.intp]
    """Place of each text's label in the task's, shape (n,)."""
    notices: tuple[str, ...] = ()
    """What is to be known of the file before its figures are read."""


def read_gold_test(
    source: str,
    task: Task,
    *,
    field: str = "label",
    text_field: str | None = None,
    encoding: str | None = None,
    shown: Collection[str] = (),
) -> GoldTest:
    """Read a test; each text counts once, and none that is a demonstration of any set.

    Args:
        source: path of a file, in any form that a pool may have.
        task: whose labels the gold labels are; case and outer blanks make no difference.
        field: field of the gold label.
        text_field: field of the text; None looks for `input`, then `text`.
        encoding: of the file.
        shown: texts that some set shows with their labels.

    Raises:
        PoolError: it cannot be read, or has no such field.
        UsageError: a gold label is not among the task's, or nothing is left to test on.
    """
    read = read_gold_texts(
        source,
        task,
        field=field,
        text_field=text_field,
        encoding=encoding,
        left_out={content_hash(text) for text in shown},
        why="the set shows them with their labels",
    )
    gold = [task.label_names.index(label) for label in read.labels]
    return GoldTest(pool_name(source), read.texts, np.array(gold, dtype=np.intp), read.notices)


def check_test(checked: Sequence[LabelledExample], task: Task) -> GoldTest:
    """The check examples that she labelled, as a test.

    Labels given after a look at the model's answer do not count.

    Raises:
        UsageError: there is none.
    """
    counted = [one for one in checked if not one.looked and one.answer.text in task.label_names]
    if not counted:
        raise UsageError(
            "there is nothing to test on",
            hint="give a file of texts with gold labels with --test FILE, or label with --check N",
        )
    n_out = len(checked) - len(counted)
    out = f"{plural(n_out, 'label')} given after a look at the answer left out"
    gold = [task.label_names.index(one.answer.text) for one in counted]
    return GoldTest(
        name="check set",
        texts=tuple(one.example for one in counted),
        gold=np.array(gold, dtype=np.intp),
        notices=(out,) if n_out else (),
    )
