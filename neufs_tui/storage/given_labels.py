"""Labels that were given elsewhere, in another file or in the pool's own rows: which are taken.

A row is of the example of the pool with its text. A text that differs in white space or Unicode
form alone, as annotation tools leave some, is of the example with the same own id, else of the one
example that it can be of.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from neufs_tui.core.records import Answer, Decision, Example, ExampleId
from neufs_tui.core.text import plural
from neufs_tui.errors import PoolError, UsageError
from neufs_tui.storage.gold_labels import GoldLabels, labels_of
from neufs_tui.storage.label_names import label_key
from neufs_tui.storage.pool import Pool
from neufs_tui.storage.pool_lines import source_name
from neufs_tui.storage.pool_rows import listed
from neufs_tui.storage.row_labels import row_label

_N_NAMED = 6
"""Labels named in an error; the rest are not."""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row that gives its text a label."""

    example: Example
    """As the row has it."""
    label: str
    """As it is written there."""


@dataclass(frozen=True, slots=True)
class GivenLabels:
    """All labels of one file, or of one field of the pool."""

    name: str
    """The file's name, or the field: what the journal says of them."""
    rows: tuple[GivenRow, ...]
    """In the file's order, but for rows with a text that came before, which come last."""
    n_rows: int
    """Good rows, those without a label included."""
    without: Mapping[str, int]
    """Why a row gives no label although it says something of one → such rows."""

    def labels(self) -> GoldLabels:
        """The labels that are used, as those of a task."""
        return labels_of(Counter(row.label for row in self.rows), self.name, self.n_rows)


def given_labels(pool: Pool, name: str, label_field: str | None) -> GivenLabels:
    """Read the label of every row.

    Args:
        pool: the file, or the pool itself.
        name: what the journal is to say of the labels.
        label_field: field that holds them; None finds it out, row by row.

    Raises:
        PoolError: no row has one.
    """
    rows, without = [], Counter[str]()
    for example in (*pool.examples, *pool.repeats):
        found = row_label(example.fields, label_field)
        if found.name is not None:
            rows.append(GivenRow(example, found.name))
        elif found.without:
            without[found.without] += 1
    if not rows:
        of = f" in field {label_field!r}" if label_field is not None else ""
        why = "".join(f": {plural(n, 'row')} {words}" for words, n in without.items())
        present = dict.fromkeys(name for row in pool.rows for name in row)
        hint = f"choose the field of the label: {listed(tuple(present))}"
        raise PoolError(f"no row of {source_name(pool.source)} has a label{of}{why}", hint=hint)
    return GivenLabels(name, tuple(rows), len(pool.rows), dict(without))


@dataclass(frozen=True, slots=True)
class Matched:
    """What becomes of such labels in one session."""

    name: str
    """Of the file or field."""
    taken: Mapping[ExampleId, Answer] = field(default_factory=dict)
    """Examples of the pool that are not decided → the label of the task."""
    n_same: int = 0
    """Examples that have that label already."""
    differing: tuple[tuple[Example, str, Decision], ...] = ()
    """Examples that were decided otherwise, which stands, each with its label elsewhere."""
    contradicting: tuple[tuple[Example, tuple[str, ...]], ...] = ()
    """Examples to which several labels are given, of which none is taken."""
    strangers: tuple[GivenRow, ...] = ()
    """Rows with the id of an example of the pool, and a text that is not in it."""
    unmatched: tuple[GivenRow, ...] = ()
    """All other rows whose text is not in the pool."""
    n_other_id: int = 0
    """Rows that were matched by their text although their id is another example's."""
    n_near: int = 0
    """Rows whose text differs from the example's in white space or Unicode form."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    """Labels that the task has not → examples that would have them."""
    without: Mapping[str, int] = field(default_factory=dict)
    """As in `GivenLabels`."""

    def refuse_unknown(self, hint: str = "") -> None:
        """See to it that the task has all labels.

        Args:
            hint: another way to have them, as an end of the hint's sentence.

        Raises:
            UsageError: it has not.
        """
        if self.unknown:
            names = [f"{name!r} ({n:,})" for name, n in self.unknown.items()]
            more = ", …" if len(names) > _N_NAMED else ""
            raise UsageError(
                f"{self.name} gives labels that the task has not: "
                f"{', '.join(names[:_N_NAMED])}{more}",
                hint=f"name every label of the task with --label, these too{hint}",
            )

    @property
    def notices(self) -> tuple[str, ...]:
        """What is to be known of labels that stand in the pool, where some are taken."""
        if not self.taken:
            return ()
        taken = plural(len(self.taken), "label")
        notices = [f"{taken} taken from {self.name!r}, which one undo takes back"]
        if self.contradicting:
            twice = plural(len(self.contradicting), "text has", "texts have")
            notices.append(f"{twice} several labels in {self.name!r}, of which none is taken")
        if self.differing:
            others = plural(len(self.differing), "stays as it was", "stay as they were")
            notices.append(f"{others} decided otherwise")
        return (*notices, *self.rows_without)

    @property
    def rows_without(self) -> tuple[str, ...]:
        """How many rows give no label although they say something of one, and why."""
        return tuple(f"{plural(n, 'row')} {words}" for words, n in self.without.items())


def match(
    given: GivenLabels,
    examples: Iterable[Example],
    decisions: Iterable[Decision],
    label_names: Sequence[str],
    *,
    left_out: Container[ExampleId] = (),
) -> Matched:
    """Find out which labels are to be taken.

    Args:
        given: the labels.
        examples: the pool.
        decisions: what holds, and stands.
        label_names: the task's; case, Unicode form and outer blanks make no difference.
        left_out: examples to which none of them is to be given.
    """
    found = _found(given.rows, examples)
    name_of = {label_key(name): name for name in label_names}
    decided = {one.example_id: one for one in decisions}
    taken, unknown = {}, Counter[str]()
    differing, contradicting, n_same = [], [], 0
    for example, labels in found.labels.values():
        label, key = labels[0], label_key(labels[0])
        decision, name = decided.get(example.id), name_of.get(key)
        if any(label_key(one) != key for one in labels):
            contradicting.append((example, tuple(dict.fromkeys(labels))))
        elif decision is not None:
            if decision.answer is not None and label_key(decision.answer.text) == key:
                n_same += 1
            else:
                differing.append((example, label, decision))
        elif example.id in left_out:
            continue
        elif name is None:
            unknown[label] += 1
        else:
            taken[example.id] = Answer(name)
    return Matched(
        name=given.name,
        taken=taken,
        n_same=n_same,
        differing=tuple(differing),
        contradicting=tuple(contradicting),
        strangers=tuple(found.strangers),
        unmatched=tuple(found.unmatched),
        n_other_id=found.n_other_id,
        n_near=found.n_near,
        unknown=dict(unknown),
        without=given.without,
    )


@dataclass(slots=True)
class _Found:
    """Rows by the example of the pool that they are of; the fields are those of `Matched`."""

    labels: dict[ExampleId, tuple[Example, list[str]]] = field(default_factory=dict)
    strangers: list[GivenRow] = field(default_factory=list)
    unmatched: list[GivenRow] = field(default_factory=list)
    n_other_id: int = 0
    n_near: int = 0


def _found(rows: Iterable[GivenRow], examples: Iterable[Example]) -> _Found:
    by_text = {one.id: one for one in examples}
    by_own: dict[str, list[Example]] = {}
    for one in by_text.values():
        by_own.setdefault(str(one.stable_id), []).append(one)
    found, by_plain = _Found(), _ByPlainText(by_text.values())
    for row in rows:
        there = row.example
        own = by_own.get(str(there.source_id), []) if there.source_id is not None else []
        example = by_text.get(there.id)
        found.n_other_id += example is not None and bool(own) and example not in own
        if example is None:
            example = by_plain.find(there.text, own)
            found.n_near += example is not None
        if example is not None:
            found.labels.setdefault(example.id, (example, []))[1].append(row.label)
        else:
            (found.strangers if own else found.unmatched).append(row)
    return found


class _ByPlainText:
    """Finds the example that a text may be of, where no text is the same."""

    def __init__(self, examples: Iterable[Example]) -> None:
        self._examples = examples
        self._by_plain: dict[str, list[Example]] | None = None
        """Made when the first text is looked for: most files have none."""

    def find(self, text: str, own: Sequence[Example]) -> Example | None:
        """One of `own` before any other; None where it may be of none, or of several."""
        if self._by_plain is None:
            self._by_plain = {}
            for one in self._examples:
                self._by_plain.setdefault(_plain(one.text), []).append(one)
        found = self._by_plain.get(_plain(text), [])
        of_id = [one for one in found if one in own]
        return of_id[0] if of_id else found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    """A text without what an editor or a table may change of it."""
    return " ".join(unicodedata.normalize("NFC", text).split())
