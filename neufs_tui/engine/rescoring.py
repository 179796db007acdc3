"""Rereading in context: what the model answers with the annotator's labels in its prompt.

After a label the demonstration joins the shared prompt prefix, and candidates are read behind
it, best first. Whoever drives it goes on batch by batch and stops when she acts.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile

import numpy as np

from neufs_tui.core.calibration import Offsets, Shift
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind, Demonstration, ExampleId
from neufs_tui.engine.batching import Batching, Encoded
from neufs_tui.engine.candidates import Candidates
from neufs_tui.engine.demonstrations import demonstrations
from neufs_tui.engine.protocol import EngineConfig, Rescored
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.memory import trim_heap
from neufs_tui.statistics.stability import Change

_REMEMBERED = 16
"""Sets of demonstrations whose readings are kept, for undo and redo."""
_MOST_READINGS = 100_000
"""Readings kept behind earlier sets of demonstrations; of a large pool one set has as many."""
_BATCH_S = 0.3
"""Seconds that a batch should take: as long the annotator may wait for an answer."""
_LONG_PREFIX = 512
"""Tokens of demonstrations that are a step of their own to read."""

_HELD = 2
"""Check examples to come that are read at once: a skip on the way to the first leads to another."""

_BEST = 8
"""Candidates read before the check examples: enough to be compared with one another, so that what
is shown next is never older for them."""

Demonstrations = tuple[Demonstration, ...]


@dataclass(slots=True)
class _Behind:
    """What was read behind one set of demonstrations."""

    captures: dict[ExampleId, Capture]
    offsets: Shift | None = None
    """What calibrated their answers last."""

    def answer(self, example_id: ExampleId) -> int:
        """Index of the label that was answered."""
        return self.captures[example_id].answer_with(self.offsets)


_NO_NEURONS = np.empty(0, dtype=np.uint32)
_NO_CONTRIBUTIONS = np.empty(0, dtype=np.float16)


class Rescorer:
    """Reads candidates behind the labels there are."""

    def __init__(self, config: EngineConfig, scanner: Scanner) -> None:
        """Bind the pool and the model; nothing is read before the first label."""
        self._examples = {one.id: one for one in (*config.examples, *config.tests)}
        self._tests = {one.id for one in config.tests}
        self._names = config.task.label_names
        self._encoder = scanner.encoder
        self._runner = scanner.runner.sibling(self._encoder.prompt("").ids)
        self._batching = Batching(config, scanner.loaded, self._runner)
        self._readings: OrderedDict[Demonstrations, _Behind] = OrderedDict()
        self._in_prefix: Demonstrations | None = None
        self._labelled: Demonstrations = ()
        self._ids: tuple[ExampleId, ...] = ()
        """Of the examples they are made of."""
        self._scan = _Behind(scanner.captures)
        self._before = _Behind({})
        """What was read behind the demonstrations there were before the last label."""
        self._changes: dict[int, Change] = {}
        """By number of labels."""
        self._newest = Change(0, 0, 0)
        """What the last label has changed so far."""
        self._n_labels = 0
        self._held: tuple[ExampleId, ...] = ()
        """The next check examples to come."""
        self._checks: tuple[ExampleId, ...] = ()
        """Those that are labelled."""
        self._sample: tuple[ExampleId, ...] = ()
        """Examples that answers are calibrated on."""
        self._now = _Behind({})
        """What was read behind the present demonstrations."""
        self._answers = Counter[int]()
        """The answers of that, by index of the label."""
        self.demonstrations: Demonstrations = ()
        """The labels in the prompt, in labelling order."""

    @property
    def labelled(self) -> Demonstrations:
        """All labels that may be in the prompt, in labelling order."""
        return self._labelled

    @property
    def checks(self) -> tuple[ExampleId, ...]:
        """The check examples that are read behind them."""
        return self._checks

    @property
    def shown(self) -> tuple[tuple[ExampleId, str], ...]:
        """The examples in the prompt, in its order, each with its label."""
        ids = self._ids[len(self._ids) - len(self.demonstrations) :]
        return tuple(zip(ids, (one.answer for one in self.demonstrations), strict=True))

    @property
    def readings(self) -> Mapping[ExampleId, Capture]:
        """What was read behind the present demonstrations; empty without any."""
        return self._now.captures

    def follow(
        self,
        decisions: Sequence[Decision],
        held: Sequence[ExampleId] = (),
        sample: Sequence[ExampleId] = (),
        tests: Sequence[ExampleId] | None = None,
    ) -> None:
        """Take the labels that hold now as demonstrations, the oldest left out if need be.

        Args:
            decisions: what holds, in order.
            held: check examples still to come, of which the next are read too.
            sample: examples that answers are calibrated on.
            tests: texts that are read in the place of check examples; None without a test.
        """
        self._sample = tuple(sample)
        checks = [d.example_id for d in decisions if d.check] if tests is None else tests
        self._checks = tuple(one for one in checks if one in self._examples)
        self._held = tuple(held[:_HELD])
        self._n_labels = sum(d.kind is DecisionKind.LABEL for d in decisions)
        shots = demonstrations(decisions, self._examples, self._names)
        self._ids = tuple(one for one, _ in shots)
        every = tuple(one for _, one in shots)
        if every == self._labelled:
            return
        pairs = zip(every, self._labelled, strict=False)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        self._changes = {n: one for n, one in self._changes.items() if n <= kept}
        is_next = every[:-1] == self._labelled
        before = self.demonstrations if is_next else self._encoder.fitting(every[:-1])
        self._labelled, self.demonstrations = every, self._encoder.fitting(every)
        self._before = self._readings.get(before, _Behind({})) if before else self._scan
        known = self._readings.pop(self.demonstrations, None) if self.demonstrations else None
        self._now = known or _Behind({})
        self._forget()
        if self.demonstrations:
            self._readings[self.demonstrations] = self._now
        self._count_anew()
        trim_heap()

    def calibrate(self, offsets: Offsets) -> None:
        """Count the answers that calibration gives, from now on."""
        now = (self._scan.offsets, self._now.offsets)
        if now != (offsets.scanned, offsets.reread):
            self._scan.offsets, self._now.offsets = offsets.scanned, offsets.reread
            self._count_anew()

    def step(self, candidates: Candidates) -> bool:
        """Read one batch of what is not read behind these labels yet, or first the labels.

        What may be shown next comes first, then what answers are calibrated on, the check examples
        that are labelled, and all other candidates.

        Args:
            candidates: best first.

        Returns:
            Whether there was anything to read.
        """
        if not self.demonstrations:
            return False
        missing = self._missing(candidates)
        best = next(missing, None)
        if best is None:
            return False
        if self._read_prefix() >= _LONG_PREFIX:
            return True
        encoded = self._encoded(chain([best], missing))
        batch = next(self._batching.cut(encoded, seconds=_BATCH_S))
        for captured in self._batching.read(batch, self._runner.capture):
            fresh = {example_id: _without_set(one) for example_id, one in captured}
            self._now.captures |= fresh
            self._count(fresh)
        return True

    def progress(self, candidates: Candidates, *, revision: int = 0) -> Rescored:
        """How far rereading is.

        Args:
            candidates: everything that is to be reread.
            revision: length of the journal that is followed.
        """
        known = self._now.captures
        read = known.keys() - self._tests if self._tests else known
        return Rescored(
            n_demonstrations=len(self.demonstrations),
            n_labels=self._n_labels,
            done=candidates.n_read(read),
            total=len(candidates),
            changes=tuple(self._changes[n] for n in sorted(self._changes)),
            revision=revision,
            answers={self._names[label]: n for label, n in self._answers.items()},
        )

    def _missing(self, candidates: Candidates) -> Iterator[ExampleId]:
        """What is not read yet, in the order in which it is to be."""
        best = islice(candidates, _BEST)
        given: set[ExampleId] = set()
        for one in chain(self._held, best, self._sample, self._checks, candidates):
            if one not in self._now.captures and one not in given:
                given.add(one)
                yield one

    def _forget(self) -> None:
        """Let go of what was read behind the demonstrations that were used least lately."""
        sizes = [len(behind.captures) for behind in self._readings.values()]
        while len(sizes) >= _REMEMBERED or sum(sizes) > _MOST_READINGS:
            self._readings.popitem(last=False)
            del sizes[0]

    def _count_anew(self) -> None:
        """Count all answers read behind the present demonstrations."""
        self._answers = Counter()
        self._newest = Change(len(self._labelled), 0, 0)
        self._count(self._now.captures)

    def _count(self, fresh: Iterable[ExampleId]) -> None:
        """Count answers just read, and what the last label has changed in them."""
        answers = {one: self._now.answer(one) for one in fresh}
        self._answers.update(answers.values())
        both = [one for one in answers if one in self._before.captures]
        if not both:
            return
        changed = sum(answers[one] != self._before.answer(one) for one in both)
        self._newest = replace(
            self._newest,
            changed=self._newest.changed + changed,
            compared=self._newest.compared + len(both),
        )
        self._changes[self._newest.n_labels] = self._newest

    def _encoded(self, ids: Iterable[ExampleId]) -> Iterator[Encoded]:
        for example_id in ids:
            example = self._examples[example_id]
            yield example, self._encoder.prompt(example.text, self.demonstrations)

    def _read_prefix(self) -> int:
        """Read the demonstrations that were not read yet; returns how many tokens that were."""
        if self._in_prefix == self.demonstrations:
            return 0
        shown = self.demonstrations
        neutral = self._encoder.prompt("", shown).ids
        n_read = self._runner.share(self._encoder.shared_prefix(shown), neutral)
        self._in_prefix = shown
        return n_read


def _without_set(capture: Capture) -> Capture:
    """A capture less its neurons: distances stay those of the scan, and sets are large."""
    return replace(capture, neurons=_NO_NEURONS, contributions=_NO_CONTRIBUTIONS)
