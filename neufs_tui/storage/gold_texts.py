"""A file of texts with gold labels."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from neufs_tui.core.records import Example, ExampleId, Task
from neufs_tui.core.text import plural
from neufs_tui.errors import UsageError
from neufs_tui.storage.gold_labels import gold_labels, written
from neufs_tui.storage.label_names import label_key
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.row_fields import field_value


@dataclass(frozen=True, slots=True)
class GoldTexts:
    """Texts and what they are."""

    texts: tuple[Example, ...]
    """Each once, in file order."""
    labels: tuple[str, ...]
    """Of each, as the task has it."""
    notices: tuple[str, ...] = ()
    """What is to be known of the file before its figures are read."""


def read_gold_texts(
    source: str,
    task: Task,
    *,
    field: str = "label",
    text_field: str | None = None,
    encoding: str | None = None,
    left_out: Container[ExampleId] = (),
    why: str = "",
) -> GoldTexts:
    """Read texts and their gold labels; each text counts once.

    Args:
        source: path of a file, in any form that a pool may have.
        task: whose labels the gold labels are; case and outer blanks make no difference.
        field: field of the gold label.
        text_field: field of the text; None looks for `input`, then `text`.
        encoding: of the file.
        left_out: texts that are not to be among them.
        why: what is said of those that are, such as `the set shows them`.

    Raises:
        PoolError: it cannot be read, or has no such field.
        UsageError: a gold label is not among the task's, or nothing is left.
    """
    pool = read_pool(source, text_field=text_field, encoding=encoding)
    label_of = gold_labels(pool, field, known=task.label_names).label_of
    name_of = {label_key(name): name for name in task.label_names}
    texts, labels = [], []
    unknown: dict[str, None] = {}
    n_unlabelled = n_left_out = 0
    for example in pool.examples:
        value = field_value(example.fields, field)
        way = label_of.get(written(value)) if value is not None else None
        if way is None:
            n_unlabelled += 1
        elif (name := name_of.get(label_key(way))) is None:
            unknown[way] = None
        elif example.id in left_out:
            n_left_out += 1
        else:
            texts.append(example)
            labels.append(name)
    if unknown:
        listed = ", ".join(map(repr, [*unknown][:6]))
        raise UsageError(
            f"{source} has gold labels that the task has not: {listed}",
            hint="name all labels with --label, or take them from a field with --labels-from",
        )
    if not texts:
        raise UsageError(
            f"{source} leaves no text to test on", hint="give a file of other texts than the set's"
        )
    notices = [*pool.notices]
    if n_unlabelled:
        notices.append(f"{plural(n_unlabelled, 'text')} without a gold label left out")
    if n_left_out:
        notices.append(f"{plural(n_left_out, 'text')} left out: {why}")
    return GoldTexts(tuple(texts), tuple(labels), tuple(notices))
