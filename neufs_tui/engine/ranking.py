"""What to show next: a strategy kept in step with a scan that still runs.

A strategy chooses from the examples scanned at some moment, by the ordered decisions on them.
While the scan runs it is begun anew each time the scan has grown by a quarter, and once more when
it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from heapq import nsmallest

from neufs_tui.core.draws import draw_key, draw_reason
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import (
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    ModelIdentity,
    Pick,
    Task,
)
from neufs_tui.core.settings import SelectionSettings, Signal
from neufs_tui.engine.building import Built, beside, build
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.candidates import NONE, Candidates
from neufs_tui.engine.learning import NOTHING, Learned, Learning
from neufs_tui.engine.picks import answered, by_name, reason_of
from neufs_tui.engine.protocol import Focus, Ranked
from neufs_tui.selection.hunting import Hunt
from neufs_tui.selection.memory import NOT_KEPT, Memory
from neufs_tui.selection.scanned_pool import Readings
from neufs_tui.selection.strategy import Choice, SelectionState, Strategy

QUEUE_LENGTH = 8
"""Candidates sent beside the next one, to go on with if the engine falls silent."""
N_AHEAD = 8
"""Examples looked for behind each decision that may be taken on the one shown."""
_GROWTH = 1.25
_BESIDE_FROM = 1000
"""Examples from which on a strategy begins beside the work; before, it takes a moment."""


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
        memory: Memory = NOT_KEPT,
        calibrator: Calibrator | None = None,
    ) -> None:
        """Bind what does not change while the engine runs.

        Args:
            examples: the pool, in file order.
            task: what is asked.
            settings: how examples are chosen.
            device: where distances are computed.
            model: the model that reads the pool, recorded with each pick.
            memory: what is known of the whole pool from earlier runs, once it is scanned.
            calibrator: what calibrates the model's answers; None leaves them as they are.
        """
        self._learning = Learning(calibrator, task.label_names) if calibrator else None
        self._learned = NOTHING
        self._model = model
        self._device = device
        self._memory = memory
        self._ids = {example.id for example in examples}
        self._names = task.label_names
        self._settings = settings
        self._captures: Mapping[ExampleId, Capture] = {}
        self._built: Built | None = None
        self._complete = False
        self._decisions: Sequence[Decision] = ()
        """Of the focus answered last."""
        self._building: Future[Built] | None = None
        self._reread: Mapping[ExampleId, Capture] = {}
        self._n_demonstrations = 0
        self._readings: Readings | None = None
        self._hunt: Hunt | None = None
        """The rule that chooses in the strategy's place."""

    def refresh(self, readings: Mapping[ExampleId, Capture], *, n_demonstrations: int) -> None:
        """Take in what was reread behind the labels there are now."""
        self._reread, self._n_demonstrations = dict(readings), n_demonstrations
        self._read_anew()

    def _read_anew(self) -> None:
        """What is ranked from now on."""
        if self._built is not None:
            learned = self._learned
            read = (self._built[0], self._reread, self._n_demonstrations, learned.offsets)
            known = learned.estimates
            self._readings = Readings(*read, *((known.probabilities, known.given) if known else ()))

    def candidates(self, focus: Focus, *, limit: int | None = None) -> Candidates:
        """What is to be reread, best first; nothing before the strategy has begun.

        Args:
            focus: where the annotator is; what is shown stays as it is.
            limit: how many are wanted; None for all.
        """
        if self._built is None:
            return NONE
        decisions, signal, shown = focus.passed_over, focus.signal_after, focus.shown

        def best(n: int) -> list[ExampleId]:
            ids = self._order(decisions, signal, n + (shown is not None))
            return [one for one in ids if one != shown][:n]

        left_out = {decision.example_id for decision in decisions}
        if shown is not None:
            left_out.add(shown)
        place_of = self._built[0].place_of
        total = len(place_of) - sum(one in place_of for one in left_out)
        return Candidates(best, total, left_out=left_out, limit=limit)

    def _order(self, decisions: Sequence[Decision], signal: Signal, n: int) -> list[ExampleId]:
        """The n best, by what is read by now."""
        assert self._built is not None  # whoever asks has made sure
        state = self._state(decisions, signal)
        return [state.ids[choice.place] for choice in self._rule.query(state, n)]

    @property
    def _rule(self) -> Strategy:
        assert self._built is not None  # whoever asks has made sure
        return self._hunt or self._built[1]

    @property
    def readings(self) -> Readings | None:
        """What is ranked, as it was read last; None before the strategy has begun."""
        return self._readings

    @property
    def learned(self) -> Learned:
        """What the labels of the focus answered last teach."""
        return self._learned

    @property
    def is_building(self) -> bool:
        """Whether the strategy is beginning on more examples."""
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
        known = self._n_built
        grown = len(captures) >= max(1, _GROWTH * known)
        if not grown and not (complete and len(captures) > known):
            return False
        if len(captures) < _BESIDE_FROM:
            return self._take(self._builder()())
        self._building = beside(self._builder())
        return False

    def finish(self) -> None:
        """Wait until the strategy has begun on what was observed last."""
        if self._building is not None:
            self._take(self._building.result())

    def answer(self, focus: Focus) -> Ranked:
        """What to show for a focus."""
        self._decisions = decisions = focus.passed_over
        self._hunt = None if focus.hunted is None else Hunt(focus.hunted, self._names)
        if self._learning is not None:
            pool = self._built[0] if self._built is not None else None
            learned = self._learning.follow(focus, pool, self._captures, self._reread)
            if learned != self._learned:
                self._learned = learned
                self._read_anew()
        n_queued = QUEUE_LENGTH + 1
        queue = self._best(decisions, n_queued, focus.signal, leave_out=focus.shown)
        if not queue and self._built is not None and len(self._captures) > self._n_built:
            # Everything ranked is decided, and more is scanned by now
            self._take(self._building.result() if self._building else self._builder()())
            queue = self._best(decisions, n_queued, focus.signal, leave_out=focus.shown)
        after_label: list[Pick] = []
        after_skip: list[Pick] = []
        if focus.shown is not None:
            signal, skipped = focus.signal_after, Decision(focus.shown, DecisionKind.SKIP)
            after_skip = after_label = self._best((*decisions, skipped), N_AHEAD, signal)
            if not focus.shown_is_passed_over:
                labelled = Decision(focus.shown, DecisionKind.LABEL)
                after_label = self._best((*decisions, labelled), N_AHEAD, signal)
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
            gains=self._gains(decisions),
            held=self._held(focus),
            hunted=focus.hunted,
        )

    def _held(self, focus: Focus) -> tuple[Pick, ...]:
        """What is known of the next check examples."""
        reason = draw_reason(self._settings.seed, check=True)
        known = (one for one in focus.held[:N_AHEAD] if one in self._captures)
        return tuple(
            replace(self._with_answer(one, len(self._captures)), reason=reason) for one in known
        )

    @property
    def _n_built(self) -> int:
        """Examples that the strategy chooses from."""
        return len(self._built[0].ids) if self._built is not None else 0

    def _gains(self, decisions: Sequence[Decision]) -> dict[ExampleId, int]:
        """Neurons that each labelled example added to those of the labelled ones before it."""
        if self._built is None:
            return {}
        place_of = self._built[0].place_of
        places = {one: place_of[one] for one in _labelled(decisions) if one in place_of}
        gains = self._built[0].sets.gains([*places.values()])
        return dict(zip(places, gains, strict=True))

    def _builder(self) -> Callable[[], Built]:
        """Makes the strategy on what is scanned by now."""
        return partial(
            build,
            dict(self._captures),
            self._settings,
            device=self._device,
            memory=self._memory if self._complete else NOT_KEPT,
            decisions=self._decisions,
        )

    def _take(self, built: Built) -> bool:
        """Go on with a strategy that has begun."""
        self._built, self._building = built, None
        self._read_anew()
        return True

    def _state(self, decisions: Sequence[Decision], signal: Signal) -> SelectionState:
        assert self._readings is not None  # set together with what is built
        return SelectionState.at(self._readings, decisions, self._settings, signal)

    def _best(
        self,
        decisions: Sequence[Decision],
        limit: int,
        signal: Signal,
        leave_out: ExampleId | None = None,
    ) -> list[Pick]:
        if self._built is None:
            return self._drawn(decisions, limit, leave_out)
        state = self._state(decisions, signal)
        choices = self._rule.query(state, limit + (leave_out is not None))
        n_labelled = len(state.labelled)
        n_unscanned = len(self._ids.intersection(_labelled(decisions))) - n_labelled
        return [
            replace(self._pick(state, choice), n_labelled=n_labelled, n_unscanned=n_unscanned)
            for choice in choices
            if state.ids[choice.place] != leave_out
        ][:limit]

    def _pick(self, state: SelectionState, choice: Choice) -> Pick:
        values = state.difficulty.values
        estimates = state.readings.estimates
        return replace(
            self._with_answer(state.ids[choice.place], len(state.ids)),
            reason=reason_of(state, choice, self._names, self._hunt.name if self._hunt else None),
            estimate={} if estimates is None else by_name(self._names, estimates[choice.place]),
            difficulty={name: float(of[choice.place]) for name, of in values.items()},
        )

    def _drawn(
        self, decisions: Sequence[Decision], limit: int, leave_out: ExampleId | None
    ) -> list[Pick]:
        """The first draws of what is scanned, with the model's answers."""
        seed = self._settings.seed
        decided = {decision.example_id for decision in decisions} | {leave_out}
        open_ids = (one for one in self._captures if one not in decided)
        first = nsmallest(limit, open_ids, key=lambda one: draw_key(one, seed))
        picks = (self._with_answer(one, len(self._captures)) for one in first)
        return [replace(pick, reason=draw_reason(seed)) for pick in picks]

    def _with_answer(self, example_id: ExampleId, n_scanned: int) -> Pick:
        reread = self._reread.get(example_id)
        pick = answered(
            example_id, self._names, self._captures[example_id], reread, self._learned.offsets
        )
        n_demonstrations = self._n_demonstrations if reread else 0
        return replace(
            pick, n_scanned=n_scanned, n_demonstrations=n_demonstrations, model=self._model
        )


def _first(picks: Sequence[Pick]) -> Pick | None:
    return picks[0] if picks else None


def _labelled(decisions: Sequence[Decision]) -> list[ExampleId]:
    return [one.example_id for one in decisions if one.kind is DecisionKind.LABEL]
