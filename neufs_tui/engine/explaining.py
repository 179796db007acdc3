"""An example's explanation, put together from the scan, the labels and the model's weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.explanation import MOST_COMPARED, Explanation, GapNeuron, Word
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind, ExampleId
from neufs_tui.core.words import stretches, strongest, without
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.scanning import Scanner, ready
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.contributions import Contributions
from neufs_tui.model.readout import Readout
from neufs_tui.selection.baselines import alternatives
from neufs_tui.selection.gap import (
    bars,
    find_gap,
    nearest_labelled,
    sharing,
    strongest_in,
    uncovered,
)
from neufs_tui.selection.scanned_pool import Readings, ScannedPool
from neufs_tui.selection.strategy import SelectionState
from neufs_tui.statistics.keywords import Keywords

N_NEURONS = 8
"""Gap neurons shown one by one."""
N_KEYWORDS, N_ALIKE = 4, 2
"""Words that say what a gap is about, and texts that share it."""
_FEWEST_ALIKE = 4
"""Texts below which what they have in common is chance."""
_REMEMBERED = 96
"""Labelled examples whose contributions are kept; six bytes a neuron each."""
_AT_ONCE = 8
"""Prompts read at once with a word left out."""


@dataclass(frozen=True, slots=True)
class Summed:
    """Contributions over an answer's positions."""

    neurons: NDArray[np.uint32]
    """All that were passed, ascending, shape (m,)."""
    contributions: NDArray[np.float16]
    """Same shape."""

    def of(self, neuron: int) -> float:
        """A neuron's; 0 where it was not passed."""
        column = int(np.searchsorted(self.neurons, neuron))
        passed = column < len(self.neurons) and self.neurons[column] == neuron
        return float(self.contributions[column]) if passed else 0.0


class Explainer:
    """Explains examples of one scanned pool."""

    def __init__(self, config: EngineConfig, scanner: Scanner) -> None:
        """Bind the pool, and the model with what it has scanned so far."""
        self._config = config
        self._examples = {example.id: example for example in config.examples}
        self._names = config.task.label_names
        self._captures: Mapping[ExampleId, Capture] = scanner.captures
        self._shape = scanner.shape
        self._loaded = scanner.loaded
        self._encoder = scanner.encoder
        self._readout = Readout(scanner.loaded)
        self._runners: dict[int, CaptureRunner] = {}
        self._remembered: OrderedDict[ExampleId, Summed] = OrderedDict()
        self._occurrences = np.zeros(scanner.shape.n_neurons, dtype=np.int32)
        """By neuron, how many of the examples counted have it in their set."""
        self._n_counted = 0
        self._scanned = Readings(ScannedPool({}))
        self._keywords: Keywords | None = None
        self._place_of: dict[ExampleId, int] = {}

    def explain(
        self,
        example_id: ExampleId,
        decisions: Sequence[Decision],
        readings: Readings | None = None,
    ) -> Iterator[Explanation | None]:
        """Why this example, by the labels that hold, a step at a time.

        Args:
            example_id: an example of the pool.
            decisions: what holds, in order. If the example is labelled, those before it count:
                what was known when it was labelled.
            readings: the pool as it is ranked, which may lack what was scanned lately.

        Yields:
            None after each labelled example that had to be read first, then the explanation. If
            the example is not scanned, nothing.
        """
        if example_id not in self._captures:
            return
        before = _before(example_id, decisions)
        read = self._read_pool(example_id, readings)
        pool, place_of = read.pool, read.pool.place_of
        labelled = [one for one in _labelled(before) if one in self._examples]
        earlier = [one for one in labelled if one in place_of]
        # The ids are hashes, so those that come first are a sample, and stay one as labels come
        compared = sorted(earlier)[:MOST_COMPARED]
        there: dict[ExampleId, Summed] = {}
        for one in compared:
            if one not in self._remembered:
                self._remembered[one] = self._summed(one)
                yield None
            there[one] = self._remembered[one]
            self._remembered.move_to_end(one)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        place, at = place_of[example_id], [place_of[one] for one in earlier]
        decided = [place_of[one.example_id] for one in before if one.example_id in place_of]
        gap, neurons = find_gap(pool, place, at, decided=decided, shape=self._shape)
        here = self._contributions(example_id)
        summed = here.summed
        self._count_occurrences()
        rarity = np.log((self._n_counted + 1) / np.maximum(self._occurrences[neurons], 1))
        alike = [pool.ids[one] for one in sharing(pool.sets, place, neurons, rarity)]
        settings, capture = self._config.selection, pool.captures[place]
        state = SelectionState.at(read, before, settings, settings.first_signal)
        pushed = summed[np.searchsorted(here.neurons, neurons)]
        strongest_first = neurons[np.argsort(-pushed, kind="stable")]
        named = strongest_first[:N_NEURONS].tolist()
        texts = strongest_in(pool, named, leave_out=place, n=N_ALIKE)
        yield Explanation(
            example_id=example_id,
            answer=self._names[capture.answer],
            probabilities=dict(zip(self._names, map(float, capture.probabilities), strict=True)),
            n_labelled=len(earlier),
            n_unscanned=len(labelled) - len(earlier),
            gap=gap,
            neurons=tuple(
                self._neuron(neuron, here, there, [pool.ids[one] for one in its])
                for neuron, its in zip(named, texts, strict=True)
            ),
            bars=bars(
                here.neurons,
                summed,
                capture.neurons,
                neurons,
                shape=self._shape,
                n_shown=N_NEURONS,
            ),
            overlap=nearest_labelled(pool, place, at),
            alternatives=alternatives(state),
            keywords=self._told_by([example_id, *alike]),
            alike=tuple(alike[:N_ALIKE]),
            model=ready(self._loaded).identity,
        )

    def words(
        self, example_id: ExampleId, decisions: Sequence[Decision]
    ) -> Iterator[tuple[Word, ...] | None]:
        """Which words switch the gap neurons on, a step at a time.

        Each stretch of the text is left out in turn, and what the gap neurons together
        contribute to the same answer is read again: what is marked is what the model does
        without it, not an estimate of that.

        Args:
            example_id: an example of the pool.
            decisions: as for `explain`.

        Yields:
            None after each batch, then the strongest words. If it is not scanned, nothing.
        """
        capture = self._captures.get(example_id)
        if capture is None:
            return
        labelled = _labelled(_before(example_id, decisions))
        sets = (self._captures[one].neurons for one in labelled if one in self._captures)
        neurons = uncovered(capture.neurons, sets)
        text = self._examples[example_id].text
        spans = stretches(text)
        prompts = [self._encoder.prompt(one) for one in (text, *(without(text, s) for s in spans))]
        runner, sums = self._runner(capture.answer).sibling(), np.zeros(0)
        runner.share(self._encoder.shared_prefix())
        for start in range(0, len(prompts), _AT_ONCE):
            batch = prompts[start : start + _AT_ONCE]
            sums = np.append(sums, runner.summed_contributions(batch, 0, neurons))
            yield None
        yield strongest(spans, (sums[0] - sums[1:]).tolist())

    def _told_by(self, alike: Sequence[ExampleId]) -> tuple[str, ...]:
        """What some texts are about, if they are several; the pool is read for it once."""
        if len(alike) < _FEWEST_ALIKE:
            return ()
        if self._keywords is None:
            self._keywords = Keywords([example.text for example in self._config.examples])
            self._place_of = {one.id: place for place, one in enumerate(self._config.examples)}
        return self._keywords.of([self._place_of[one] for one in alike], N_KEYWORDS)

    def _neuron(
        self,
        neuron: int,
        here: Contributions,
        there: Mapping[ExampleId, Summed],
        texts: Sequence[ExampleId],
    ) -> GapNeuron:
        place = self._shape.place(neuron)
        column = int(np.searchsorted(here.neurons, neuron))
        own = here.values[:, column]
        # Its sign where it contributes most decides which way its direction points
        active = bool(here.activations[own.argmax(), column] > 0)
        promoted = self._readout.promoted(neuron, active=active)
        nearest = max(there, key=lambda one: there[one].of(neuron), default=None)
        return GapNeuron(
            layer=place.layer,
            index=place.index,
            expert=place.expert,
            shared=place.shared,
            contribution=float(own.sum()),
            towards=promoted.towards,
            away=promoted.away,
            nearest=nearest,
            nearest_contribution=there[nearest].of(neuron) if nearest is not None else 0.0,
            n_examples=int(self._occurrences[neuron]),
            texts=tuple(texts),
        )

    def _read_pool(self, example_id: ExampleId, readings: Readings | None) -> Readings:
        """A pool that has the example: the one that is ranked, else all that is scanned by now."""
        if readings is not None and example_id in readings.pool.place_of:
            return readings
        if example_id not in self._scanned.pool.place_of:
            counts = self._config.selection.raw_counts
            self._scanned = Readings(ScannedPool(self._captures, raw_counts=counts))
        return self._scanned

    def _count_occurrences(self) -> None:
        """Take in what was scanned since; captures are only ever added."""
        for capture in islice(self._captures.values(), self._n_counted, None):
            self._occurrences[capture.neurons] += 1
        self._n_counted = len(self._captures)

    def _summed(self, example_id: ExampleId) -> Summed:
        found, largest = self._contributions(example_id), np.finfo(np.float16).max
        return Summed(found.neurons, found.summed.clip(-largest, largest).astype(np.float16))

    def _contributions(self, example_id: ExampleId) -> Contributions:
        prompt = self._encoder.prompt(self._examples[example_id].text)
        return self._runner(self._captures[example_id].answer).contributions(prompt, 0)

    def _runner(self, answer: int) -> CaptureRunner:
        """Reads one answer and no other, which of many labels is a small part."""
        if answer not in self._runners:
            candidate = self._encoder.candidates[answer]
            self._runners[answer] = CaptureRunner(self._loaded, [candidate], self._config.capture)
        return self._runners[answer]


def _before(example_id: ExampleId, decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions before an example's label, or all others if it has none."""
    before = []
    for decision in decisions:
        if decision.example_id != example_id:
            before.append(decision)
        elif decision.kind is DecisionKind.LABEL:
            break
    return before


def _labelled(decisions: Sequence[Decision]) -> list[ExampleId]:
    return [one.example_id for one in decisions if one.kind is DecisionKind.LABEL]
