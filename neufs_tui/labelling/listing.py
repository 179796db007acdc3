"""The list of all examples: what is known of each, and those that a line of filters asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Decision, DecisionKind, Example
from neufs_tui.labelling.position import Position
from neufs_tui.labelling.workspace import Workspace

FILTERS = (
    "labelled",
    "skipped",
    "accepted",
    "undecided",
    "flag",
    "note",
    "disagree",
    "check",
    "hunted",
    "given",
    "twice",
)
"""Words that ask for a kind of example; in quotes they are looked for in the texts."""
UNSURE = "unsure"
"""The word that puts those first of whose label the model is least certain."""
_TOKEN = re.compile(r'(-?)(?:(label|model|note):)?(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that is asked of an example."""

    of: str
    """`text`, `label`, `model`, `note` or one of the filters."""
    value: str = ""
    """What it is to hold, in lower case; empty for a filter."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for, all of it at once."""

    wishes: tuple[Wish, ...] = ()
    by_uncertainty: bool = False


def parse(typed: str) -> Query:
    """Read a line of filters: words, "phrases", `label:`, `model:`, `note:` and kinds.

    A minus in front asks for the others. Anything is a query; upper and lower case are the same.

    >>> parse('label:spam -flag "free entry"').wishes[1]
    Wish(of='flag', value='', negated=True)
    """
    wishes, by_uncertainty = [], False
    for minus, field, phrase, word in _TOKEN.findall(typed.casefold()):
        is_plain = not field and not phrase
        if is_plain and word == UNSURE:
            by_uncertainty = True
        elif is_plain and word in FILTERS:
            wishes.append(Wish(word, negated=bool(minus)))
        elif value := phrase or word:
            wishes.append(Wish(field or "text", value, negated=bool(minus)))
    return Query(tuple(wishes), by_uncertainty)


@dataclass(frozen=True, slots=True)
class ListedExample:
    """What is known of an example of the list."""

    example: Example
    decision: Decision | None = None
    labelled: LabelledExample | None = None
    """With the model's answer from before; None unless its label holds."""
    flagged: bool = False
    note: str = ""
    second: Answer | None = None
    """What it was given when it was asked again."""

    @property
    def disagrees(self) -> bool:
        """Whether the model had answered otherwise."""
        known = self.labelled
        if known is None or known.pick is None or known.pick.answer is None:
            return False
        return known.pick.answer != known.answer.text


class Listing:
    """All examples as they were at one moment: what is decided first, newest first."""

    def __init__(
        self, workspace: Workspace, here: Position, uncertainty: Sequence[float] = ()
    ) -> None:
        """Take a moment.

        Args:
            workspace: the pool and its session.
            here: what holds.
            uncertainty: by row of the pool, how uncertain the model is of its label; negative
                where that is not known, as are rows behind its end.
        """
        self._flagged, self._notes = workspace.session.flagged(), workspace.session.notes()
        self._labelled = {one.example.id: one for one in here.labelled}
        self._decisions = {one.example_id: one for one in here.decisions}
        self._second = {
            one.example_id: one.second for one in here.repeats if one.second is not None
        }
        self._uncertainty = uncertainty
        # a label on a row that has left the pool is in the set all the same
        known = {one.example.id: one.example for one in here.labelled} | {
            one: example for one, example in workspace.examples.items() if one in here.decided
        }
        newest_first = [known[one] for one in reversed(self._decisions) if one in known]
        undecided = [one for one in workspace.examples.values() if one.id not in here.decided]
        self._examples = (*newest_first, *undecided)
        self._names = {
            name.casefold() for name in (*workspace.task.label_names, *here.counts.by_label)
        }

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._examples)

    def of(self, example: Example) -> ListedExample:
        """What is known of an example."""
        return ListedExample(
            example,
            self._decisions.get(example.id),
            self._labelled.get(example.id),
            example.id in self._flagged,
            self._notes.get(example.id, ""),
            self._second.get(example.id),
        )

    def unknown_labels(self, query: Query) -> list[str]:
        """What the query asks for as labels that no label begins with."""
        asked = [one.value for one in query.wishes if one.of == "label"]
        return [one for one in asked if not any(name.startswith(one) for name in self._names)]

    def find(self, query: Query) -> Sequence[Example]:
        """The examples that are asked for, in the list's order or by the model's uncertainty."""
        found: Sequence[Example] = self._examples
        # texts last: they take the longest
        for wish in sorted(query.wishes, key=lambda one: one.of == "text"):
            holds = self._test(wish)
            found = [one for one in found if holds(one) is not wish.negated]
        if query.by_uncertainty:
            found = sorted(found, key=self._certainty)
        return found

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many examples each filter finds, those that find none left out."""
        marked = {*self._decisions, *self._flagged, *self._notes}
        there = [one for one in self._examples if one.id in marked]
        found = {name: sum(map(self._test(Wish(name)), there)) for name in FILTERS}
        n_decided = sum(one.id in self._decisions for one in there)
        found["undecided"] = len(self._examples) - n_decided
        return {name: n for name, n in found.items() if n}

    def _test(self, wish: Wish) -> Callable[[Example], bool]:
        """What tells whether an example is what is asked for, not negated."""
        value = wish.value
        match wish.of:
            case "text":
                # `#17` and a row's own id are what the screen calls an example
                return lambda one: (
                    value in one.text.casefold()
                    or value == f"#{one.row + 1}"
                    or value == str(one.source_id).casefold()
                )
            case "label":
                return self._labels(value)
            case "model":
                return lambda one: self._model_answer(one).startswith(value)
            case "note" if value:
                return lambda one: value in self._notes.get(one.id, "").casefold()
            case "note":
                return lambda one: one.id in self._notes
            case "flag":
                return lambda one: one.id in self._flagged
            case "twice":
                return lambda one: one.id in self._second
            case "undecided":
                return lambda one: one.id not in self._decisions
            case "labelled":
                return lambda one: one.id in self._labelled
            case "disagree":
                return lambda one: one.id in self._labelled and self.of(one).disagrees
            case "check" | "hunted" | "given":
                return lambda one: bool(getattr(self._decisions.get(one.id), wish.of, False))
            case _:
                kind = {"skipped": DecisionKind.SKIP, "accepted": DecisionKind.ACCEPT}[wish.of]
                return lambda one: getattr(self._decisions.get(one.id), "kind", None) is kind

    def _labels(self, value: str) -> Callable[[Example], bool]:
        """By a label's name, or how it begins while no label is called that."""
        is_whole = value in self._names

        def holds(one: Example) -> bool:
            decision = self._decisions.get(one.id)
            if decision is None or decision.answer is None:
                return False
            names = (name.casefold() for name in decision.answer.labels)
            return any(name == value if is_whole else name.startswith(value) for name in names)

        return holds

    def _model_answer(self, example: Example) -> str:
        """In lower case; empty where it is not known, or not to be shown yet."""
        known = self._labelled.get(example.id)
        pick = known.pick if known is not None else None
        return (pick.answer or "").casefold() if pick is not None else ""

    def _certainty(self, example: Example) -> float:
        row = example.row
        return -self._uncertainty[row] if row < len(self._uncertainty) else 1.0
