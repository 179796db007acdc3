"""Rereading in context: what the model answers with the annotator's labels in its prompt.

After a label the demonstration joins the shared prompt prefix, and candidates are read behind
it, best first. Whoever drives it goes on batch by batch and stops when she acts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind, Demonstration, ExampleId
from neufs_tui.engine.batching import Batching, Encoded
from neufs_tui.engine.protocol import EngineConfig, Rescored
from neufs_tui.engine.scanning import Scanner
from neufs_tui.statistics.stability import Change

_REMEMBERED = 16
"""Sets of demonstrations whose readings are kept, for undo and redo."""
_BATCH_S = 0.6
"""Seconds that a batch should take: as long the annotator may wait for an answer."""

Demonstrations = tuple[Demonstration, ...]


class Rescorer:
    """Reads candidates behind the labels there are."""

    def __init__(self, config: EngineConfig, scanner: Scanner) -> None:
        """Bind the pool and the model; nothing is read before the first label."""
        self._examples = {example.id: example for example in config.examples}
        self._names = set(config.task.label_names)
        self._encoder = scanner.encoder
        self._runner = scanner.runner.sibling(self._encoder.prompt("").ids)
        self._batching = Batching(config, scanner.loaded, self._runner)
        self._readings: OrderedDict[Demonstrations, dict[ExampleId, Capture]] = OrderedDict()
        self._in_prefix: Demonstrations | None = None
        self._labelled: Demonstrations = ()
        self._before_last: Demonstrations = ()
        """The demonstrations there were before the last label."""
        self._changes: dict[int, Change] = {}
        """By number of labels."""
        self._scanned: Mapping[ExampleId, Capture] = scanner.captures
        self._n_labels = 0
        self.demonstrations: Demonstrations = ()
        """The labels in the prompt, in labelling order."""

    @property
    def readings(self) -> Mapping[ExampleId, Capture]:
        """What was read behind the present demonstrations; empty without any."""
        return self._readings.get(self.demonstrations, {})

    def follow(self, decisions: Sequence[Decision]) -> None:
        """Take the labels that hold now as demonstrations, the oldest left out if need be."""
        labelled = [d for d in decisions if d.kind is DecisionKind.LABEL]
        self._n_labels = len(labelled)
        every = tuple(
            Demonstration(self._examples[d.example_id].text, d.answer.text)
            for d in labelled
            if d.example_id in self._examples
            and d.answer is not None
            and self._names.issuperset(d.answer.labels)
        )
        if every != self._labelled:
            pairs = zip(every, self._labelled, strict=False)
            kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            self._changes = {n: one for n, one in self._changes.items() if n <= kept}
            self._labelled, self.demonstrations = every, self._encoder.fitting(every)
            self._before_last = self._encoder.fitting(every[:-1])
        if self.demonstrations:
            self._readings.setdefault(self.demonstrations, {})
            self._readings.move_to_end(self.demonstrations)
        while len(self._readings) > _REMEMBERED:
            self._readings.popitem(last=False)

    def step(self, candidates: Sequence[ExampleId]) -> bool:
        """Read one batch of the candidates that were not read behind these labels yet.

        Args:
            candidates: best first.

        Returns:
            Whether there was anything to read.
        """
        readings = self._readings.get(self.demonstrations)
        if readings is None:
            return False
        missing = [example_id for example_id in candidates if example_id not in readings]
        if not missing:
            return False
        self._read_prefix()
        batch = next(self._batching.cut(self._encoded(missing), seconds=_BATCH_S))
        for captured in self._batching.captured(batch):
            readings.update((example_id, _without_set(one)) for example_id, one in captured)
        return True

    def progress(self, candidates: Sequence[ExampleId], *, revision: int = 0) -> Rescored:
        """How far rereading is.

        Args:
            candidates: everything that is to be reread.
            revision: length of the journal that is followed.
        """
        return Rescored(
            n_demonstrations=len(self.demonstrations),
            n_labels=self._n_labels,
            done=sum(example_id in self.readings for example_id in candidates),
            total=len(candidates),
            changes=self._seen_changes(),
            revision=revision,
        )

    def _seen_changes(self) -> tuple[Change, ...]:
        """What each label up to now has changed, the last one as far as its reading goes."""
        readings = self.readings
        before = self._readings.get(self._before_last) if self._before_last else self._scanned
        if readings and before:
            both = [one for one in readings if one in before]
            changed = sum(readings[one].answer != before[one].answer for one in both)
            n_labels = len(self._labelled)
            self._changes[n_labels] = Change(n_labels, changed, len(both))
        return tuple(self._changes[n] for n in sorted(self._changes))

    def _encoded(self, ids: Iterable[ExampleId]) -> Iterator[Encoded]:
        for example_id in ids:
            example = self._examples[example_id]
            yield example, self._encoder.prompt(example.text, self.demonstrations)

    def _read_prefix(self) -> None:
        if self._in_prefix == self.demonstrations:
            return
        shown = self.demonstrations
        neutral = self._encoder.prompt("", shown).ids
        self._runner.share(self._encoder.shared_prefix(shown), neutral)
        self._in_prefix = shown


def _without_set(capture: Capture) -> Capture:
    """A capture less its neurons: distances stay those of the scan, and sets are large."""
    return replace(
        capture, neurons=capture.neurons[:0].copy(), contributions=capture.contributions[:0].copy()
    )
