"""The sets of demonstrations that are compared: none, hers, parts of hers, an export's."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from neufs_tui.core.records import Demonstration, Example, Task
from neufs_tui.core.text import plural
from neufs_tui.engine.predicting import Learned
from neufs_tui.engine.set_readings import Demonstrations, Wanted, WantedEach
from neufs_tui.errors import UsageError
from neufs_tui.export.retrieval.nearest import Vectors, nearest, tfidf


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Which demonstrations of a set a text sees."""

    k: int
    """So many, those nearest to it, the nearest last."""
    vectors: Callable[[Sequence[str], Sequence[str]], tuple[Vectors, Vectors]]
    """Where near is measured: the set's texts and others → a vector each."""


@dataclass(frozen=True, slots=True)
class FewShotSet:
    """One row of a report."""

    name: str
    """Such as `your 16 labels`."""
    draws: tuple[Demonstrations, ...]
    """One set, or several whose figures are averaged."""
    retrieval: Retrieval | None = None
    """None where every text sees the whole set."""

    @property
    def sizes(self) -> list[int]:
        """How many demonstrations of each draw a text sees."""
        k = self.retrieval.k if self.retrieval is not None else None
        return [len(draw[:k]) for draw in self.draws]

    @property
    def texts(self) -> frozenset[str]:
        """Every text that it shows."""
        return frozenset(one.text for draw in self.draws for one in draw)

    def wanted(self, texts: Sequence[Example]) -> list[Wanted | WantedEach]:
        """What is to be read of some texts, for each draw."""
        if self.retrieval is None:
            return [Wanted(draw, texts) for draw in self.draws]
        return [WantedEach(retrieved(draw, texts, self.retrieval), texts) for draw in self.draws]


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


def nearest_set(labelled: Demonstrations, k: int, pool: Sequence[str]) -> FewShotSet:
    """For each text the k of her labels nearest to it by words, as `export --retrieval` finds them.

    Args:
        labelled: her labels, in labelling order.
        k: how many a text sees.
        pool: texts that say how rare a term is.

    Raises:
        UsageError: there are fewer labels.
    """
    if k > len(labelled):
        given = plural(len(labelled), "label was", "labels were")
        raise UsageError(
            f"--retrieval {k} asks for the nearest {k:,} labels and {given} given",
            hint="ask for fewer, or label more",
        )

    def vectors(shown: Sequence[str], others: Sequence[str]) -> tuple[Vectors, Vectors]:
        fitted = tfidf(shown, pool)
        return fitted.transform(shown), fitted.transform(others)

    return _nearest_set(labelled, k, "words", vectors)


def nearest_by_readout(
    labelled: Demonstrations, k: int, learned: Learned, texts: Sequence[Example]
) -> FewShotSet:
    """The same by what a model holds of them, as `export --retrieval` beside `--readout` has it.

    Args:
        labelled: her labels, in labelling order.
        k: how many a text sees.
        learned: from the labels.
        texts: the labelled texts and those that are to see them, which were read.
    """
    example_of = {one.text: one for one in texts}

    def vectors(shown: Sequence[str], others: Sequence[str]) -> tuple[Vectors, Vectors]:
        found = [learned.vectors([example_of[one] for one in side]) for side in (shown, others)]
        return found[0], found[1]

    return _nearest_set(labelled, k, "readout", vectors)


def _nearest_set(
    labelled: Demonstrations,
    k: int,
    by: str,
    vectors: Callable[[Sequence[str], Sequence[str]], tuple[Vectors, Vectors]],
) -> FewShotSet:
    return FewShotSet(f"nearest {k:,} by {by}", (labelled,), Retrieval(k, vectors))


def retrieved(
    labelled: Demonstrations, texts: Sequence[Example], retrieval: Retrieval
) -> list[Demonstrations]:
    """What each text sees of some labels; none sees its own."""
    place_of = {one.text: place for place, one in enumerate(labelled)}
    vectors = retrieval.vectors([one.text for one in labelled], [one.text for one in texts])
    own = [place_of.get(one.text) for one in texts]
    return [
        tuple(labelled[place] for place in places)
        for places in nearest(*vectors, retrieval.k, own=own)
    ]


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
