"""What is before the annotator, what is known of it, and what the engine is told and asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from neufs_tui.core.counts import Counts
from neufs_tui.core.exact_prompt import AskPrompt
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Example, ExampleId, Pick
from neufs_tui.engine.protocol import AskUncertainty, Explain, FindWords, Focus, Request, Suggest
from neufs_tui.labelling.check_readings import CheckReadings
from neufs_tui.labelling.choosing import Choosing, undecided
from neufs_tui.labelling.engine_view import EngineState, EngineView
from neufs_tui.labelling.position import position
from neufs_tui.labelling.questions import Questions
from neufs_tui.labelling.shown import Shown, Waiting
from neufs_tui.labelling.workspace import Workspace


class Showing:
    """The example shown, or why there is none; an engine hears of it as soon as there is one."""

    def __init__(self, workspace: Workspace, *, waits: bool = False) -> None:
        """Take up the session where it was left.

        Args:
            workspace: the pool and its session.
            waits: show nothing of its own accord until a strategy has chosen.
        """
        self.workspace = workspace
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
        self.questions = Questions(workspace.session.panels.add)
        self._send: Callable[[Request], None] | None = None
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
    def may_hunt(self) -> bool:
        """Whether there is somebody to rank by a label."""
        return self.engine.state is EngineState.RUNNING and self.engine.has_chosen

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
        return self.engine.ranked_for(self.position.revision, self.asked_id) is not None

    @property
    def is_settled(self) -> bool:
        """Whether the engine has nothing more to find out for the journal as it is."""
        ranked = self.engine.ranked_for(self.position.revision, self.asked_id)
        is_explained = self.asked_id is None or self.questions.explanation is not None
        return bool(ranked and ranked.final) and is_explained and not self.questions.owed

    def connect(self, send: Callable[[Request], None]) -> None:
        """Tell the engine, from now on, where the annotator is."""
        self._send = send
        self._tell()

    def painted(self) -> None:
        """Remember, for a restart, what has come onto the screen."""
        if self.shown is not None:
            shown = self.shown
            self.workspace.session.set_shown(shown.example.id, shown.pick, looked=self.has_looked)

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
        return self.shown_id is not None and self._ask(question(self.shown_id))

    def suggest(self, limit: int) -> bool:
        """Ask for suggestions, of the label hunted for if one is; False when nobody is there."""
        return self._ask(Suggest(self.engine.hunted, limit))

    def ask_uncertainty(self) -> bool:
        """Ask how uncertain the model is of each example; False when nobody is there."""
        return self._ask(AskUncertainty())

    def ask_prompt(self) -> bool:
        """Ask what the model reads for the example shown; False when there is nobody to ask."""
        if self.shown is None:
            return False
        return self._ask(AskPrompt(self.shown.example.id, self.shown.example.text))

    def coming(self, n: int) -> list[tuple[Example, Pick]]:
        """What would be shown next, the first that come, should the example shown be labelled."""
        return self._choosing.coming(self.workspace, self.position, self.asked_id, n)

    def _next(self) -> Shown | None:
        return self._choosing.next(self.workspace, self.position)

    def _undecided(self, example_id: ExampleId, pick: Pick | None) -> Shown | None:
        return undecided(self.workspace, self.position, example_id, pick)

    def _is_check(self, example_id: ExampleId | None) -> bool:
        """Whether an example is of the check set: it was once, or is drawn for it now."""
        pick = self.shown.pick if self.shown and example_id == self.shown_id else None
        return example_id in self.workspace.session.ever_checks or bool(pick and pick.is_check)

    @property
    def shown_id(self) -> ExampleId | None:
        """The example shown."""
        return self.shown.example.id if self.shown is not None else None

    @property
    def told_labelled(self) -> tuple[LabelledExample, ...]:
        """What is labelled, less what is asked again: its label is not to be read off."""
        labelled = self.position.labelled
        if self.shown is None or not self.shown.again:
            return labelled
        return tuple(one for one in labelled if one.example.id != self.shown_id)

    @property
    def asked_id(self) -> ExampleId | None:
        """The example shown, if it is to be decided: not one that is asked again."""
        return self.shown_id if self.shown is not None and not self.shown.again else None

    def _show(self, shown: Shown | None) -> None:
        self.shown = shown
        if shown is not None and shown.pick is not None and shown.pick.is_hunted:
            self._revealed.add(shown.example.id)  # it is told why it came, which names the label
        if shown is not None and shown.again:
            # by the labels there are now nothing of it is new, which would give it away
            known = self.workspace.session.panels.of(shown.example.id)
            if known is not None:
                known = replace(known, n_labelled=self.counts.shots_here)
            self.questions.begin(shown.example.id, known=known, ask=False)
        else:
            self.questions.begin(shown.example.id if shown else None)
        self._begun = self._begun or shown is not None

    def _tell(self) -> None:
        here, asked = self.position, self.asked_id
        is_check = asked is not None and self._is_check(asked)
        held = self.workspace.held(here.decided, asked, here.n_checks_left - is_check)
        told = (here.revision, here.told, asked, *here.signals)
        is_passed_over = is_check or asked in self.workspace.session.flagged()
        if self._ask(Focus(*told, held, is_passed_over, self.engine.hunted)):
            self._want_explanation()

    def _want_explanation(self) -> None:
        """Ask why the example shown was chosen, once, as soon as there is an engine to ask."""
        if self.engine.state is EngineState.RUNNING and self.questions.must_ask():
            self.ask(Explain)

    def _ask(self, request: Request) -> bool:
        """Pass a request on; False when there is nobody to hear it."""
        if self._send is None or self.engine.state is EngineState.GONE:
            return False
        self._send(request)
        return True
