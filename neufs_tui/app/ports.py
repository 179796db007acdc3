"""What the app needs from the rest of the program; the command line hands in the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from neufs_tui.core.explanation import Explanation
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Decision, Example, ExampleId, Pick, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.protocol import Event, ModelReady, Request


class Workspace(Protocol):
    """The pool and the session on it. Every call comes from the app's own thread."""

    @property
    def examples(self) -> Mapping[ExampleId, Example]:
        """The pool, in file order."""

    @property
    def task(self) -> Task:
        """What is asked, and the labels."""

    @property
    def model(self) -> ModelChoice:
        """The model as it was asked for."""

    @property
    def selection(self) -> SelectionSettings:
        """How examples are chosen."""

    @property
    def pool_name(self) -> str:
        """The pool as the commands take it, such as `pool.jsonl`."""

    @property
    def session(self) -> str | None:
        """The session file as the commands take it; None when it is at its usual place."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the annotator should know about the pool, such as `3 bad lines skipped`."""

    def revision(self) -> int:
        """Length of the journal; it grows with every label, skip, undo and redo."""

    def decisions(self) -> tuple[Decision, ...]:
        """What holds now, in the order it was decided."""

    def labelled(self) -> tuple[LabelledExample, ...]:
        """The examples whose label holds, in labelling order, with what was known then."""

    def record(
        self,
        decision: Decision,
        *,
        pick: Pick | None,
        seconds: float | None,
        looked: bool,
        panel: Explanation | None,
    ) -> None:
        """Store a decision; it is on disk when this returns.

        Args:
            decision: what she decided.
            pick: why the example was shown; None when no ranking chose it.
            seconds: from the example's paint to the key; None when unknown.
            looked: the model's answer was shown to her first.
            panel: what the engine said of the example; None when it said nothing yet.
        """

    def add_panel(self, panel: Explanation) -> None:
        """Store what the engine says of a label after it was given."""

    def undo(self) -> Decision | None:
        """Take back the last decision that holds and return it; None when there is none.

        Raises:
            SessionError: what held before it cannot hold, and nothing has changed.
        """

    def redo(self) -> Decision | None:
        """Bring back the decision undone last and return it; None when there is none.

        Raises:
            SessionError: it cannot hold any more, and nothing has changed.
        """

    def pick_of(self, example_id: ExampleId) -> Pick | None:
        """Why the example was shown when it was last decided."""

    def set_shown(self, example_id: ExampleId, pick: Pick | None, *, looked: bool) -> None:
        """Remember what is on her screen at this revision.

        Args:
            example_id: the example.
            pick: why it is shown.
            looked: she has seen the model's answer to it.
        """

    def shown(self) -> tuple[ExampleId, Pick | None, bool] | None:
        """What was on her screen at this revision, before a restart; and whether she had looked."""

    def set_model(self, ready: ModelReady) -> None:
        """Keep what the manifest says of the model."""

    def close(self) -> None:
        """Let go of the session file and its lock."""


class Engine(Protocol):
    """The engine process, seen from here."""

    def start(self, listener: Callable[[Event], None]) -> None:
        """Start the process and return at once.

        Args:
            listener: called with every event, from another thread.
        """

    def send(self, request: Request) -> None:
        """Pass a request on; one sent before the engine can read it waits for it."""

    def stop(self) -> None:
        """Ask the engine to finish, and see to it that it does."""


OpenSession = Callable[[], tuple[Workspace, Engine]]
"""Opens the session of a pool that was read; called on the app's own thread."""


class Startup(Protocol):
    """What happens after the first paint."""

    def read(self) -> OpenSession:
        """Import, read and check what takes time; called on a thread of its own."""
