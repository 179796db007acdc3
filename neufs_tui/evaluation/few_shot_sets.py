"""The sets of demonstrations that are compared: none, hers, random ones of hers, an export's."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from neufs_tui.core.records import Demonstration, Task
from neufs_tui.core.text import plural
from neufs_tui.errors import UsageError

Demonstrations = tuple[Demonstration, ...]


@dataclass(frozen=True, slots=True)
class FewShotSet:
    """One row of a report."""

    name: str
    """Such as `your 16 labels`."""
    draws: tuple[Demonstrations, ...]
    """One set, or several whose figures are averaged."""

    @property
    def texts(self) -> frozenset[str]:
        """Every text that it shows."""
        return frozenset(one.text for draw in self.draws for one in draw)


WITHOUT = FewShotSet("no demonstrations", ((),))
"""What the model answers by itself."""


def random_sets(labelled: Demonstrations, k: int, *, n_draws: int, seed: int) -> FewShotSet | None:
    """Random k of her labels, in her order; None where k leaves no choice.

    What a set gains over them comes from its size; what they gain, from any labels at all.

    Args:
        labelled: her labels.
        k: of each draw.
        n_draws: how many.
        seed: of the draws, which nest for equal seeds.
    """
    if not 0 < k < len(labelled):
        return None
    draws = []
    for draw in range(n_draws):
        order = Random(f"{seed} {draw}").sample(range(len(labelled)), len(labelled))
        draws.append(tuple(labelled[place] for place in sorted(order[:k])))
    return FewShotSet(f"{k:,} of them, random", tuple(draws))


def exported_set(path: Path, task: Task) -> FewShotSet:
    """The set that `export --format jsonl` or `csv` wrote.

    Args:
        path: the file.
        task: whose labels its labels are.

    Raises:
        UsageError: there is none, it holds something else, or labels that the task has not.
    """
    hint = "give what `export --format jsonl` or `csv` wrote"
    try:
        rows = _rows(path)
        shown = tuple(Demonstration(row["text"], row["label"]) for row in rows)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no set of texts with labels", hint=hint) from error
    if unknown := sorted({one.answer for one in shown} - {*task.label_names}):
        raise UsageError(
            f"{path} has labels that the task has not: {', '.join(map(repr, unknown))}",
            hint="name all labels with --label",
        )
    return FewShotSet(f"{path.name}, {plural(len(shown), 'label')}", (shown,))


def _rows(path: Path) -> Sequence[dict[str, str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return [*csv.DictReader(stream)]
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
