"""What to show next: the incremental selection kept in step with a scan that still runs.

The geometry is computed from the examples scanned at some moment and replayed from the ordered
decisions, so it is a function of both. While the scan runs it is rebuilt each time the scan has
grown by a quarter, and once more when it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import islice
from threading import Thread

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import (
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    ModelIdentity,
    Pick,
    Reason,
    Task,
)
from neufs_tui.core.settings import SelectionSettings, Signal
from neufs_tui.engine.protocol import Focus, Ranked
from neufs_tui.engine.scanned_pool import Built, ScannedPool, build
from neufs_tui.selection.difficulty import Difficulty
from neufs_tui.selection.incremental import Choice, Geometry, IncrementalSelection

QUEUE_LENGTH = 8
"""Candidates sent beside the next one, to go on with if the engine falls silent."""
N_AHEAD = 8
"""Examples looked for behind each decision she may take on the one shown."""
_GROWTH = 1.25
_BESIDE_FROM = 1000
"""Examples from which on a new geometry is made beside the work; before, it takes a moment."""
_REMEMBERED = 16


class Ranker:
    """Answers each focus with the next example and what follows either decision on it."""

    def __init__(
        self,
        examples: Sequence[Example],
        task: Task,
        settings: SelectionSettings,
        *,
        device: str = "cpu",
        model: ModelIdentity | None = None,
    ) -> None:
        """Bind what does not change while the engine runs.

        Args:
            examples: the pool, in file order.
            task: what is asked.
            settings: how examples are chosen.
            device: where distances are computed.
            model: the model that reads the pool, recorded with each pick.
        """
        self._model = model
        self._device = device
        self._examples = examples
        self._ids = {example.id for example in examples}
        self._names = task.label_names
        self._settings = settings
        self._captures: Mapping[ExampleId, Capture] = {}
        self._pool: ScannedPool | None = None
        self._selection: IncrementalSelection | None = None
        self._complete = False
        self._geometries: dict[tuple[tuple[int, DecisionKind], ...], Geometry] = {}
        self._building: Future[Built] | None = None
        self._readings: Mapping[ExampleId, Capture] = {}
        self._n_demonstrations = 0
        self._difficulty: Difficulty | None = None

    def refresh(self, readings: Mapping[ExampleId, Capture], *, n_demonstrations: int) -> None:
        """Take in what was reread behind the labels there are now."""
        self._readings, self._n_demonstrations = readings, n_demonstrations
        if self._pool is not None:
            self._difficulty = self._pool.reread(readings) if readings else self._pool.difficulty

    def order(self, focus: Focus) -> list[ExampleId]:
        """All candidates, best first; none before there is a geometry."""
        if self._pool is None or self._selection is None or self._difficulty is None:
            return []
        geometry = self._geometry(self._pool, self._selection, focus.decisions)
        values = self._difficulty.values[focus.signal_after]
        choices = self._selection.ranking(geometry, len(self._pool.ids), values)
        return [self._pool.ids[choice.place] for choice in choices]

    @property
    def is_building(self) -> bool:
        """Whether a geometry on more examples is under way."""
        return self._building is not None

    def observe(self, captures: Mapping[ExampleId, Capture], *, complete: bool) -> bool:
        """Take notice of the scan's growth.

        Returns:
            Whether the answer to the same focus may now be another.
        """
        self._captures, self._complete = captures, complete
        if len(captures) < self._settings.choose_from and not complete:
            return True
        if self._building is not None:
            return self._building.done() and self._take(self._building.result())
        known = len(self._pool.ids) if self._pool is not None else 0
        grown = len(captures) >= max(1, _GROWTH * known)
        if not grown and not (complete and len(captures) > known):
            return False
        if self._pool is None or len(captures) < _BESIDE_FROM:
            return self._take(self._build())
        self._building = self._begin()
        return False

    def answer(self, focus: Focus) -> Ranked:
        """What to show for a focus."""
        n_queued = QUEUE_LENGTH + 1
        queue = self._best(focus.decisions, n_queued, focus.signal, leave_out=focus.shown)
        if not queue and self._pool is not None and len(self._captures) > len(self._pool.ids):
            # Everything ranked is decided, and more is scanned by now
            self._take(self._building.result() if self._building else self._build())
            queue = self._best(focus.decisions, n_queued, focus.signal, leave_out=focus.shown)
        after_label: list[Pick] = []
        after_skip: list[Pick] = []
        if focus.shown is not None:
            labelled = Decision(focus.shown, DecisionKind.LABEL)
            skipped = Decision(focus.shown, DecisionKind.SKIP)
            signal = focus.signal_after
            after_label = self._best((*focus.decisions, labelled), N_AHEAD, signal)
            after_skip = self._best((*focus.decisions, skipped), N_AHEAD, signal)
        return Ranked(
            revision=focus.revision,
            shown=focus.shown,
            pick=_first(queue) if focus.shown is None else None,
            after_label=_first(after_label),
            after_skip=_first(after_skip),
            further_after_label=tuple(after_label[1:]),
            further_after_skip=tuple(after_skip[1:]),
            queue=tuple(queue),
            complete=self._complete and not self.is_building,
            gains=self._gains(focus.decisions),
        )

    def _gains(self, decisions: Sequence[Decision]) -> dict[ExampleId, int]:
        """What each labelled example of the geometry added to the coverage."""
        if self._pool is None or self._selection is None:
            return {}
        geometry = self._geometry(self._pool, self._selection, decisions)
        ids = (self._pool.ids[place] for place in geometry.labelled)
        return dict(zip(ids, geometry.gains, strict=True))

    def _build(self) -> Built:
        """A geometry on what is scanned by now."""
        return build(dict(self._captures), self._settings, device=self._device)

    def _begin(self) -> Future[Built]:
        """The same on a thread of its own, which dies with the process."""
        building: Future[Built] = Future()
        captures = dict(self._captures)

        def work() -> None:
            try:
                building.set_result(build(captures, self._settings, device=self._device))
            except Exception as error:  # raised again where the result is taken
                building.set_exception(error)

        Thread(target=work, name="geometry", daemon=True).start()
        return building

    def _take(self, built: Built) -> bool:
        """Go on with a geometry."""
        self._pool, self._selection, start = built
        self._building = None
        self._geometries = {(): start}
        self.refresh(self._readings, n_demonstrations=self._n_demonstrations)
        return True

    def _best(
        self,
        decisions: Sequence[Decision],
        limit: int,
        signal: Signal,
        leave_out: ExampleId | None = None,
    ) -> list[Pick]:
        if self._pool is None or self._selection is None or self._difficulty is None:
            return self._in_file_order(decisions, limit, leave_out)
        pool, difficulty = self._pool, self._difficulty
        geometry = self._geometry(pool, self._selection, decisions)
        values = difficulty.values[signal]
        choices = self._selection.ranking(geometry, limit + (leave_out is not None), values)
        labelled = (d.example_id for d in decisions if d.kind is DecisionKind.LABEL)
        n_unscanned = len(self._ids.intersection(labelled).difference(pool.place_of))
        n_labelled = len(geometry.labelled)
        return [
            replace(
                self._pick(pool, difficulty, signal, choice),
                n_labelled=n_labelled,
                n_unscanned=n_unscanned,
            )
            for choice in choices
            if pool.ids[choice.place] != leave_out
        ][:limit]

    def _geometry(
        self, pool: ScannedPool, selection: IncrementalSelection, decisions: Sequence[Decision]
    ) -> Geometry:
        """Replay the decisions on scanned examples, from the longest beginning remembered."""
        steps = tuple(
            (pool.place_of[decision.example_id], decision.kind)
            for decision in decisions
            if decision.example_id in pool.place_of
        )
        known = len(steps)
        while known > 0 and steps[:known] not in self._geometries:
            known -= 1
        geometry = self._geometries[steps[:known]]
        for length in range(known, len(steps)):
            geometry = selection.after(geometry, *steps[length])
            self._geometries[steps[: length + 1]] = geometry
        while len(self._geometries) > _REMEMBERED:
            oldest = next(beginning for beginning in self._geometries if beginning)
            del self._geometries[oldest]
        return geometry

    def _pick(
        self,
        pool: ScannedPool,
        difficulty: Difficulty,
        signal: Signal,
        choice: Choice,
    ) -> Pick:
        place = choice.place
        reason = Reason(
            neighbourhood=choice.n_members,
            neuron_count=int(difficulty.numbers["count"][place]),
            distance=choice.distance,
            score=choice.score,
            signal=signal,
            n_farther=choice.n_farther,
            n_easier=choice.n_easier,
            n_demonstrations=self._n_demonstrations if difficulty.reread[signal][place] else 0,
        )
        values = {name: float(of[place]) for name, of in difficulty.values.items()}
        return replace(
            self._with_answer(pool.ids[place], len(pool.ids)), reason=reason, difficulty=values
        )

    def _in_file_order(
        self, decisions: Sequence[Decision], limit: int, leave_out: ExampleId | None
    ) -> list[Pick]:
        decided = {decision.example_id for decision in decisions} | {leave_out}
        ids = (example.id for example in self._examples)
        open_ids = (one for one in ids if one in self._captures and one not in decided)
        return [self._with_answer(one, len(self._captures)) for one in islice(open_ids, limit)]

    def _with_answer(self, example_id: ExampleId, n_scanned: int) -> Pick:
        reread = self._readings.get(example_id)
        capture = reread or self._captures[example_id]
        return Pick(
            example_id=example_id,
            reason=None,
            answer=self._names[capture.answer],
            probabilities=dict(zip(self._names, map(float, capture.probabilities), strict=True)),
            n_scanned=n_scanned,
            n_labelled=0,
            n_demonstrations=self._n_demonstrations if reread else 0,
            truncated=self._captures[example_id].truncated,
            model=self._model,
        )


def _first(picks: Sequence[Pick]) -> Pick | None:
    return picks[0] if picks else None
