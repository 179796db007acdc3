"""The few-shot set that is exported: which labels, in which order, and what goes with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neufs_tui.core.exact_prompt import TemplatedPrompt
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Demonstration, Example, Task
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError, UsageError

SELECTION = "selection"
"""The order in which the examples were chosen and labelled."""
BALANCED = "balanced"
"""The first of each class, then the second of each."""


@dataclass(frozen=True, slots=True)
class FewShotSet:
    """What a format is made of."""

    task: Task
    labelled: Sequence[LabelledExample]
    """In the order that the export is to have."""
    name: str = "few_shot"
    """What a tool that names its tasks is to call it: ASCII letters, digits and `_`."""
    model: str = ""
    """The model as it was named; empty where none ever was."""
    tests: Sequence[tuple[Example, str]] = ()
    """Texts with their gold labels, for formats of tools that measure."""
    texts: Sequence[Example] = ()
    """Texts to be asked about, for formats that hold requests."""
    prompt: TemplatedPrompt | None = None
    """For the format that is one; None where it was not asked for."""

    @property
    def demonstrations(self) -> list[Demonstration]:
        """The set as the prompt shows it."""
        return [Demonstration(one.example.text, one.answer.text) for one in self.labelled]


def tool_name(source: str) -> str:
    """What tools that name their tasks call the set of a pool.

    >>> tool_name("data/my pool.v2.jsonl"), tool_name("-"), tool_name("7.csv")
    ('my_pool_v2', 'few_shot', 'few_shot_7')
    """
    name = re.sub(r"\W+", "_", Path(source).stem, flags=re.ASCII).strip("_")
    return name if name and not name[0].isdigit() else "_".join(filter(None, ("few_shot", name)))


def few_shot_set(
    labelled: Sequence[LabelledExample], k: int | None, order: str = SELECTION
) -> list[LabelledExample]:
    """The first k labels in an order, or all when k is None.

    Args:
        labelled: in any order.
        k: how many.
        order: `SELECTION` or `BALANCED`.

    Raises:
        ExportError: nothing is labelled, or fewer than k.
    """
    if not labelled:
        raise ExportError("nothing is labelled yet", hint="run `neufs-tui label` on the pool first")
    in_order = sorted(labelled, key=lambda one: one.seq)
    if k is not None and not 1 <= k <= len(in_order):
        count = plural(len(in_order), "example is", "examples are")
        raise ExportError(
            f"{k:,} examples were asked for and {count} labelled",
            hint=f"ask for 1 to {len(in_order):,}, or label more",
        )
    if order == BALANCED:
        labels = [one.answer.text for one in in_order]
        in_order = [in_order[place] for place in interleaved(range(len(labels)), labels)]
    return in_order[:k]


def interleaved(places: Sequence[int], labels: Sequence[str]) -> tuple[int, ...]:
    """The first of each class, then the second of each; the class that was given first begins.

    Args:
        places: of labels, ascending.
        labels: all of them.
    """
    nth: dict[int, int] = {}
    seen: Counter[str] = Counter()
    for place in places:
        nth[place] = seen[labels[place]]
        seen[labels[place]] += 1
    first = {label: number for number, label in enumerate(seen)}
    return tuple(sorted(places, key=lambda place: (nth[place], first[labels[place]])))


def redacted(
    labelled: Sequence[LabelledExample], checked: Sequence[LabelledExample], fields: Sequence[str]
) -> tuple[list[LabelledExample], list[LabelledExample]]:
    """Labels without some fields of the pool's rows; without `id`, a row is known by its hash.

    Args:
        labelled: the set.
        checked: check examples, of which a manifest tells the ids.
        fields: what is left out.

    Raises:
        UsageError: no row of the set has such a field.
    """
    known = dict.fromkeys(field for one in labelled for field in one.example.fields)
    if any(one.example.source_id is not None for one in labelled):
        known["id"] = None
    if unknown := [field for field in fields if field not in known]:
        there = ", ".join(map(repr, known))
        raise UsageError(
            f"no row of the export has a field {unknown[0]!r}",
            hint=f"name one of {there}" if there else "the rows have the text alone",
        )
    return [_redacted(one, fields) for one in labelled], [_redacted(one, fields) for one in checked]


def _redacted(one: LabelledExample, fields: Sequence[str]) -> LabelledExample:
    known = one.example
    example = replace(
        known,
        source_id=None if "id" in fields else known.source_id,
        fields={name: value for name, value in known.fields.items() if name not in fields},
    )
    return replace(one, example=example)
