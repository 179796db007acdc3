"""The labelling loop: what is shown, what comes next, and what the engine is told.

Two rules hold it together: a decision is stored before anything moves, and a ranking never
changes what is on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neufs_tui.core.draws import drawn
from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId, Mark, MarkKind
from neufs_tui.engine.protocol import (
    EngineDied,
    EngineFailed,
    Event,
    Explained,
    FindWords,
    ModelReady,
    Ranked,
    WordsFound,
)
from neufs_tui.labelling.amending import Amending
from neufs_tui.labelling.position import position
from neufs_tui.labelling.shown import Shown
from neufs_tui.labelling.suggestions import SuggestedPage, decisions_on
from neufs_tui.labelling.workspace import Workspace


class LabellingLoop(Amending):
    """The annotator's way through the pool."""

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
            self.shown = replace(self.shown, example=now)
        self._tell()

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
        if done is not None and done.again:
            return self._give_again(done, kind, answer, seconds)
        is_hunted = bool(done and done.pick and done.pick.is_hunted)
        decision = Decision(example_id, kind, answer, self._is_check(example_id), is_hunted)
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

    def accept(self, page: SuggestedPage, answers: Mapping[ExampleId, str]) -> tuple[Decision, ...]:
        """Store what the annotator makes of suggestions, all at once; what is shown stays.

        Args:
            page: what was before her.
            answers: example → label, of the rows that are in.

        Returns:
            What was stored.

        Raises:
            SessionError: it could not be stored, and nothing has changed.
        """
        scan, session = self.engine.scan, self.workspace.session
        n_scanned, model = scan.done if scan is not None else 0, session.model()
        made = decisions_on(page, answers, n_scanned=n_scanned, model=model)
        if made:
            session.record_page(made)
            self._revealed |= {one.example_id for one, _ in made}
            self._amended()
        return tuple(one for one, _ in made)

    def hunt(self, label: str | None) -> None:
        """Look for likely examples of a label, or for none any more.

        What is shown goes back undecided, and what is wanted now is shown as soon as it is known.
        """
        self.engine.hunt(label)
        self._choosing.ahead.turn_back()
        self._displaced.clear()
        self.done = None
        self._show(self._next())
        self._tell()

    def undo(self) -> tuple[Decision | Mark, ...]:
        """Take back what was done last; an example that is undecided by that is shown again.

        It has the reason it had. A page is taken back at once, and what is shown stays.
        """
        undone = self.workspace.session.undo()
        if not undone:
            return ()
        self.done = None
        self._choosing.ahead.turn_back()
        hers = [one for one in undone if isinstance(one, Decision) and not one.given]
        self._revealed |= {one.example_id for one in hers if one.kind is DecisionKind.LABEL}
        self._turned_back()
        last = undone[-1].example_id
        again = self._undecided(last, self.workspace.session.pick_of(last))
        if again is not None and len(undone) == 1 and isinstance(undone[0], Decision):
            if self.shown is not None:
                self._displaced.append(self.shown)
            self._show(again)
        elif (asked := self._choosing.asked_again(self.workspace, self.position)) and (
            undone[-1].kind is MarkKind.AGAIN and asked.example.id == last
        ):
            self._show(asked)
        else:
            self._stay_or_go_on()
        self._tell()
        return undone

    def redo(self) -> tuple[Decision | Mark, ...]:
        """Bring back what was undone last and show what was shown before that undo."""
        revision, shown = self.position.revision, self.shown_id
        redone = self.workspace.session.redo()
        if not redone:
            return ()
        self.done = None
        self._choosing.ahead.turn_back()
        again = redone[-1]
        if isinstance(again, Decision) and again.example_id == shown:
            self._choosing.ahead.decide(again.kind, revision, shown, self.engine.ranked)
        self._turned_back()
        if self._displaced and self.shown_id in self.position.decided:
            last = self._displaced.pop()
            self._show(self._undecided(last.example.id, last.pick) or self._next())
        else:
            self._stay_or_go_on()
        self._tell()
        return redone

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

    def _give_again(
        self, done: Shown, kind: DecisionKind, answer: Answer | None, seconds: float | None
    ) -> Decision:
        """Store what an example that was asked again is given: its label stays as it was."""
        ranked = self.engine.ranked_for(self.position.revision, None)
        mark = Mark(done.example.id, MarkKind.AGAIN, answer=answer)
        self.workspace.session.mark([mark], seconds=seconds)
        self.position = position(self.workspace)
        self._displaced.clear()
        self._choosing.ahead.turn_back()
        self.done = done if answer is not None else None
        shown = None
        if ranked is not None:
            shown = self._choosing.wanted(self.workspace, self.position, ranked)
        self._show(shown or self._next())
        self._tell()
        return Decision(done.example.id, kind, answer)

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

    def _turned_back(self) -> None:
        """An undo or redo is stored."""
        self.position = position(self.workspace)
        self.engine.turn_back(self.position.revision)
