"""The labelling loop for scripts: requests one after another, each answered when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import SimpleQueue

from neufs_tui.core.counts import Counts
from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    Mark,
    MarkKind,
    Pick,
)
from neufs_tui.engine.protocol import EngineDied, EngineFailed, Event, Ranked
from neufs_tui.errors import EngineError, NothingLeft, UsageError
from neufs_tui.labelling.engine_process import EngineProcess
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.listing import ListedExample, Listing, parse
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Shown, Waiting
from neufs_tui.labelling.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Made:
    """What a request did."""

    done: Decision | Mark
    """Of a page the last."""
    example: Example | None
    """None when its row is no longer in the pool."""
    pick: Pick | None
    """Why it was shown, with the model's answer from before; None when no ranking chose it."""
    counts: Counts
    """Once it was done."""
    n: int = 1
    """How many: more than one where a page is undone or redone."""


class HeadlessLabelling:
    """Does what the screen does with its keys, by the same rules, and waits where one would."""

    def __init__(
        self,
        workspace: Workspace,
        engine: Callable[[], EngineProcess] | None = None,
        *,
        first: ExampleId | None = None,
        listener: Callable[[Event], None] = lambda _: None,
    ) -> None:
        """Take up a session where it was left.

        Args:
            workspace: the pool and its session.
            engine: makes the engine once one is needed; None where none ever is.
            first: the example to begin a new session with; None draws it.
            listener: hears what the engine says too.
        """
        self.loop = LabellingLoop(workspace, waits=True)
        self._first = first
        self._make_engine = engine
        self._listener = listener
        self._engine: EngineProcess | None = None
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._trouble = EngineError("there is no engine")

    def begin(self) -> None:
        """Start the engine; it works beside the requests."""
        if self._engine is None and self._make_engine is not None:
            self._engine = self._make_engine()
            self._engine.start(self._events.put)
            self.loop.connect(self._engine.send)

    def next(self, *, reveal: bool = False) -> Shown:
        """The example to label next: the same until it is decided.

        Args:
            reveal: the model's answer is asked for too, which the session remembers.

        Raises:
            NothingLeft: every example is decided.
            EngineError: the engine is off before it chose anything.
        """
        self._hear_what_came()
        if not self.loop.workspace.session.revision():
            self.loop.begin(self._first)
        if self.loop.shown is None:
            self.begin()
            self._hear_until(lambda: self.loop.shown is not None)
        if self.loop.shown is None:
            raise NothingLeft("every example of the pool is decided")
        if reveal:
            self.loop.look()
        self.loop.painted()
        return self.loop.shown

    def add(self, asked: str, label: str) -> Made:
        """Give an example a label, whether it is the one shown or not.

        Raises:
            UsageError: there is no such example, or no such label.
        """
        return self._decide(asked, DecisionKind.LABEL, self._label(label))

    def skip(self, asked: str | None = None) -> Made:
        """Skip an example; None is the one shown.

        Raises:
            UsageError: there is no such example, or none is shown.
        """
        return self._decide(asked, DecisionKind.SKIP, None)

    def change(self, asked: str, label: str) -> Made:
        """Give a decided example another label in its place; `n` is 0 where it had that.

        Raises:
            UsageError: there is no such example or label, or nothing is decided on it.
        """
        answer, example = self._label(label), self._example(asked)
        if example.id not in self.loop.position.decided:
            raise UsageError(f"{asked!r} is not decided", hint="`add` gives it its first label")
        pick = self.loop.workspace.session.pick_of(example.id)
        made = self.loop.change({example.id: answer})
        done = made[0] if made else Decision(example.id, DecisionKind.LABEL, answer)
        return Made(done, example, pick, self.loop.counts, len(made))

    def flag(self, asked: str) -> Made:
        """Flag an example, or flag it no longer.

        Raises:
            UsageError: there is no such example.
        """
        example = self._example(asked)
        kind = MarkKind.FLAG if self.loop.flag(example.id) else MarkKind.UNFLAG
        return Made(Mark(example.id, kind), example, None, self.loop.counts)

    def note(self, asked: str, text: str) -> Made:
        """Write a note on an example; an empty one takes it away.

        Raises:
            UsageError: there is no such example.
        """
        example = self._example(asked)
        self.loop.note(example.id, text)
        mark = Mark(example.id, MarkKind.NOTE, text.strip())
        return Made(mark, example, None, self.loop.counts)

    def offer(self) -> Made:
        """Have what was skipped offered again.

        Raises:
            NothingLeft: nothing is skipped.
        """
        self._hear_what_came()
        if not (offered := self.loop.offer_skipped()):
            raise NothingLeft("nothing is skipped")
        example = self.loop.workspace.examples[offered[-1].example_id]
        return Made(offered[-1], example, None, self.loop.counts, len(offered))

    def list(self, typed: str) -> list[ListedExample]:
        """The examples that a line of filters asks for."""
        listing = Listing(self.loop.workspace, self.loop.position)
        return [listing.of(one) for one in listing.find(parse(typed))]

    def undo(self) -> Made:
        """Take back the last decision.

        Raises:
            NothingLeft: there is none.
        """
        return self._turn_back(self.loop.undo, "there is nothing to undo")

    def redo(self) -> Made:
        """Bring back the decision undone last.

        Raises:
            NothingLeft: there is none.
        """
        return self._turn_back(self.loop.redo, "there is nothing to redo")

    def wait(self) -> None:
        """Wait until the engine has scanned, reread and explained all that it is going to.

        Raises:
            EngineError: it is off.
        """
        self.begin()
        self._hear_until(lambda: self.loop.is_settled)

    def close(self) -> None:
        """Let go of the session, which comes first, and of the engine."""
        try:
            self.loop.workspace.session.close()
        finally:
            if self._engine is not None:
                self._engine.stop()

    def _label(self, label: str) -> Answer:
        names = self.loop.workspace.task.label_names
        if label not in names:
            raise UsageError(
                f"there is no label {label!r}", hint=f"give one of {', '.join(map(repr, names))}"
            )
        return Answer(label)

    def _example(self, asked: str) -> Example:
        self._hear_what_came()
        return find_example(self.loop.workspace.examples.values(), asked)

    def _decide(self, asked: str | None, kind: DecisionKind, answer: Answer | None) -> Made:
        self._hear_what_came()
        example = None
        if asked is not None:
            example = find_example(self.loop.workspace.examples.values(), asked)
        elif self.loop.shown is not None:
            example = self.loop.shown.example
        if example is None:
            raise UsageError(
                "no example was asked for yet", hint="ask for the next one, or name one"
            )
        is_shown = self.loop.shown is not None and self.loop.shown.example.id == example.id
        pick = self.loop.shown.pick if self.loop.shown is not None and is_shown else None
        if is_shown and self._engine is not None:
            # What follows is then what an annotator sees who reads before she decides
            self._hear_until(lambda: self.loop.foresees)
        decision = self.loop.decide(kind, answer, example_id=example.id)
        assert decision is not None
        self.loop.painted()
        return Made(decision, example, pick, self.loop.counts)

    def _turn_back(self, turn: Callable[[], tuple[Decision | Mark, ...]], nothing: str) -> Made:
        self._hear_what_came()
        turned = turn()
        if not turned:
            raise NothingLeft(nothing)
        done = turned[-1]
        self.loop.painted()
        workspace = self.loop.workspace
        example = workspace.examples.get(done.example_id)
        pick = workspace.session.pick_of(done.example_id)
        return Made(done, example, pick, self.loop.counts, len(turned))

    def _hear_what_came(self) -> None:
        while not self._events.empty():
            self._hear()

    def _hear_until(self, is_reached: Callable[[], bool]) -> None:
        """Listen until something is so, or nothing will change any more."""
        while not is_reached() and self.loop.waiting is not Waiting.FINISHED:
            if self._engine is None or self.loop.engine.state is EngineState.GONE:
                raise self._trouble
            self._hear()

    def _hear(self) -> None:
        event = self._events.get()
        self._listener(event)
        if isinstance(event, EngineFailed):
            self._trouble = EngineError(event.message, hint=event.hint)
        elif isinstance(event, EngineDied):
            self._trouble = EngineError(event.reason)
        if not self._is_early(event):
            self.loop.hear(event)

    def _is_early(self, event: Event) -> bool:
        """Whether a ranking is from before enough was scanned to choose from."""
        known = None
        if isinstance(event, Ranked):
            known = event.pick or event.after_label or event.after_skip
        if known is None:
            return False
        workspace = self.loop.workspace
        wanted = min(workspace.selection.choose_from, len(workspace.examples))
        return known.n_scanned < wanted


def find_example(examples: Iterable[Example], asked: str) -> Example:
    """The example that somebody names.

    Args:
        examples: the pool.
        asked: a row's own id, its content hash, or #N for the Nth row.

    Raises:
        UsageError: there is none.
    """
    for example in examples:
        if asked in (example.id, str(example.source_id), f"#{example.number}"):
            return example
    raise UsageError(
        f"there is no example {asked!r} in the pool",
        hint="name a row's id, its content hash, or #N for the Nth row",
    )
