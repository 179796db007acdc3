"""The labelling loop: what is shown, what comes next, and what the engine is told.

Two rules hold it together: a decision is stored before anything moves, and a ranking never
changes what is on the screen.
"""

from __future__ import annotations

from collections.abc import Callable

from neufs_tui.core.counts import Counts
from neufs_tui.core.draws import drawn
from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId, Pick
from neufs_tui.engine.protocol import (
    EngineDied,
    EngineFailed,
    Event,
    Explain,
    Explained,
    FindWords,
    Focus,
    ModelReady,
    Ranked,
    Request,
    WordsFound,
)
from neufs_tui.labelling.check_readings import CheckReadings
from neufs_tui.labelling.choosing import Choosing, undecided
from neufs_tui.labelling.engine_view import EngineState, EngineView
from neufs_tui.labelling.position import position
from neufs_tui.labelling.questions import Questions
from neufs_tui.labelling.shown import Shown, Waiting
from neufs_tui.labelling.workspace import Workspace


class LabellingLoop:
    """The annotator's way through the pool."""

    def __init__(self, workspace: Workspace, *, waits: bool = False) -> None:
        """Take up the session where it was left.

        Args:
            workspace: the pool and its session.
            waits: show nothing of its own accord until a strategy has chosen.
        """
        self.workspace = workspace
        self._send: Callable[[Request], None] | None = None
        self._displaced: list[Shown] = []
        self._begun = False
        self.position = position(workspace)
        """What holds of the journal."""
        self.engine = EngineView(CheckReadings(workspace), workspace.session.calibration.keep)
        self.shown: Shown | None = None
        self.done: Shown | None = None
        """The example labelled last, as it was shown; None after anything else."""
        self._revealed: set[ExampleId] = set()
        """Examples whose answer by the model the annotator has seen."""
        self.questions = Questions(workspace.session.add_panel)
        self._waits = waits
        self._choosing = Choosing(self.engine, waits=waits)
        if (restored := workspace.session.shown()) is not None:
            example_id, pick, looked = restored
            if looked:
                self._revealed.add(example_id)
            self._show(self._undecided(example_id, pick))

    @property
    def counts(self) -> Counts:
        """Where the annotator is."""
        return self.position.counts

    @property
    def tells_why(self) -> bool:
        """Whether it is said why an example came: not while check examples do."""
        return not self.position.n_checks_left

    @property
    def waiting(self) -> Waiting | None:
        """Why nothing is shown; None when something is."""
        if self.shown is not None:
            return None
        if not self.counts.left:
            return Waiting.FINISHED
        if self.engine.state is not EngineState.RUNNING or self.engine.has_nothing:
            return Waiting.LOADING
        return Waiting.SCANNING if self.foresees else Waiting.CHOOSING

    @property
    def foresees(self) -> bool:
        """Whether the engine has said what follows for what is shown, or that nothing does yet."""
        return self.engine.ranked_for(self.position.revision, self.shown_id) is not None

    @property
    def is_settled(self) -> bool:
        """Whether the engine has nothing more to find out for the journal as it is."""
        ranked = self.engine.ranked_for(self.position.revision, self.shown_id)
        is_explained = self.shown is None or self.questions.explanation is not None
        return bool(ranked and ranked.final) and is_explained and not self.questions.owed

    def begin(self, first: ExampleId | None = None) -> None:
        """Show a text where nothing is shown yet.

        Args:
            first: a draw that was made before the pool was read; None, or one that is not in the
                pool or decided, draws anew.
        """
        if self.shown is None and first is not None:
            seed, check = self.workspace.selection.seed, bool(self.position.n_checks_left)
            self._show(self._undecided(first, drawn(first, seed, check=check)))
        if self.shown is None:
            self._show(self._choosing.drawn(self.workspace, self.position))
        self._tell()

    def take_in(self, workspace: Workspace) -> None:
        """Go on with the pool as it is now, on the same session.

        What is shown stays, although it may have left the pool.
        """
        self.workspace = workspace
        self.position = position(workspace)
        self.engine.scan_anew()
        if self.shown is None:
            self._show(self._next())
        elif now := workspace.examples.get(self.shown.example.id):
            self.shown = Shown(now, self.shown.pick)
        self._tell()

    def connect(self, send: Callable[[Request], None]) -> None:
        """Tell the engine, from now on, where the annotator is."""
        self._send = send
        self._tell()

    def painted(self) -> None:
        """Remember, for a restart, what has come onto the screen."""
        if self.shown is not None:
            shown = self.shown
            self.workspace.session.set_shown(shown.example.id, shown.pick, looked=self.has_looked)

    def decide(
        self,
        kind: DecisionKind,
        answer: Answer | None = None,
        *,
        example_id: ExampleId | None = None,
        seconds: float | None = None,
    ) -> Decision | None:
        """Store a decision; if it is on the example shown, show the next.

        Args:
            kind: label or skip.
            answer: None for a skip.
            example_id: an example that the annotator named; None is the one shown.
            seconds: from the example's paint to the key.

        Returns:
            What was stored; None when nothing was shown and no example named.

        Raises:
            SessionError: it could not be stored, and nothing has moved.
        """
        done = self.shown if example_id in (None, self.shown_id) else None
        if done is not None:
            example_id = done.example.id
        if example_id is None:
            return None
        decision = Decision(example_id, kind, answer, self._is_check(example_id))
        revision = self.position.revision
        self.workspace.session.record(
            decision,
            pick=done.pick if done else None,
            seconds=seconds,
            looked=example_id in self._revealed,
            panel=self.questions.explanation if done else None,
            shown=done is not None,
        )
        self._displaced.clear()
        self.done = done if kind is DecisionKind.LABEL else None
        if kind is DecisionKind.LABEL:
            self._revealed.add(example_id)
        if self.done is not None:
            self.questions.labelled()
        self.position = position(self.workspace)
        if done is None:
            self._choosing.ahead.turn_back()
        else:
            self._choosing.ahead.decide(kind, revision, example_id, self.engine.ranked)
            self._show(self._next())
        self._tell()
        return decision

    def undo(self) -> Decision | None:
        """Take back the last decision and show its example again, with the reason it had."""
        decision = self.workspace.session.undo()
        if decision is None:
            return None
        self.done = None
        self._choosing.ahead.turn_back()
        if decision.kind is DecisionKind.LABEL:
            self._revealed.add(decision.example_id)
        self._turned_back()
        pick = self.workspace.session.pick_of(decision.example_id)
        again = self._undecided(decision.example_id, pick)
        if again is not None:
            if self.shown is not None:
                self._displaced.append(self.shown)
            self._show(again)
        self._tell()
        return decision

    def redo(self) -> Decision | None:
        """Bring back the decision undone last and show what was shown before that undo."""
        revision, shown = self.position.revision, self.shown_id
        decision = self.workspace.session.redo()
        if decision is None:
            return None
        self.done = None
        self._choosing.ahead.turn_back()
        if decision.example_id == shown:
            self._choosing.ahead.decide(decision.kind, revision, shown, self.engine.ranked)
        self._turned_back()
        if self.shown is None or self.shown.example.id in self.position.decided:
            last = self._displaced.pop() if self._displaced else None
            back = self._undecided(last.example.id, last.pick) if last else None
            self._show(back or self._next())
        self._tell()
        return decision

    def hear(self, event: Event) -> None:
        """Take in what the engine says; what is on the screen stays there."""
        self.engine.take(event)
        match event:
            case Ranked():
                if self.engine.ranked is event:
                    self._choosing.ahead.hear(event)
                self._go_on()
            case Explained() | WordsFound():
                self.questions.hear(event)
                if self.questions.must_ask_words():
                    self.ask(FindWords)
            case ModelReady():
                self.workspace.session.save_model(event.identity)
            case EngineFailed() | EngineDied():
                self.questions.lose_engine()
                if self.shown is None and (self._begun or not self._waits):
                    self._show(self._next())
                self._tell()

    @property
    def has_looked(self) -> bool:
        """Whether the annotator has seen the model's answer to the example shown."""
        return self.shown is not None and self.shown.example.id in self._revealed

    def look(self) -> Pick | None:
        """The model's answer to the example shown, which counts as seen now; None if there is none.

        Raises:
            SessionError: that it was looked at could not be stored.
        """
        if self.shown is None or self.shown.pick is None or self.shown.pick.answer is None:
            return None
        self._revealed.add(self.shown.example.id)
        self.painted()
        return self.shown.pick

    def ask(self, question: type[Explain] | type[FindWords]) -> bool:
        """Ask the engine about the example shown; False when there is nobody to ask."""
        if self.shown is None or self._send is None or self.engine.state is EngineState.GONE:
            return False
        self._send(question(self.shown.example.id))
        return True

    def _go_on(self) -> None:
        """Show what a new ranking wants, if nothing is shown."""
        self._want_explanation()
        ranked = self.engine.ranked_for(self.position.revision, None)
        if self.shown is not None or ranked is None:
            return
        shown = self._choosing.wanted(self.workspace, self.position, ranked)
        if shown is not None:
            self._show(shown)
            self._tell()

    def _next(self) -> Shown | None:
        return self._choosing.next(self.workspace, self.position)

    def _undecided(self, example_id: ExampleId, pick: Pick | None) -> Shown | None:
        return undecided(self.workspace, self.position, example_id, pick)

    def _is_check(self, example_id: ExampleId | None) -> bool:
        """Whether an example is of the check set: it was once, or is drawn for it now."""
        pick = self.shown.pick if self.shown and example_id == self.shown_id else None
        return example_id in self.workspace.session.ever_checks or bool(pick and pick.is_check)

    def _turned_back(self) -> None:
        """An undo or redo is stored."""
        self.position = position(self.workspace)
        self.engine.turn_back(self.position.revision)

    @property
    def shown_id(self) -> ExampleId | None:
        """The example shown."""
        return self.shown.example.id if self.shown is not None else None

    def _show(self, shown: Shown | None) -> None:
        self.shown = shown
        self.questions.begin(shown.example.id if shown else None)
        self._begun = self._begun or shown is not None

    def _tell(self) -> None:
        if self._send is not None and self.engine.state is not EngineState.GONE:
            here, is_check = self.position, self._is_check(self.shown_id)
            held = self.workspace.held(here.decided, self.shown_id, here.n_checks_left - is_check)
            told = (here.revision, here.told, self.shown_id, *here.signals)
            self._send(Focus(*told, held, is_check))
            self._want_explanation()

    def _want_explanation(self) -> None:
        """Ask why the example shown was chosen, once, as soon as there is an engine to ask."""
        if self.engine.state is EngineState.RUNNING and self.questions.must_ask():
            self.ask(Explain)
