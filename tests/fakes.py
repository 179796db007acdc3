"""An engine and a start-up that do what a test says, beside the real workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag
from types import MappingProxyType
from typing import Any

from textual.pilot import Pilot

from neufs_tui.app.main import LabelApp
from neufs_tui.core.explanation import Bar, Explanation, Gap, GapNeuron, Overlap
from neufs_tui.core.records import (
    Decision,
    Example,
    ExampleId,
    Label,
    ModelIdentity,
    Pick,
    Reason,
    Task,
    content_hash,
)
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.protocol import EngineConfig, Event, Focus, ModelReady, Ranked, Request
from neufs_tui.errors import NeufsError, SessionError
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.pool_file import PoolFile, PoolNow
from neufs_tui.labelling.startup import Abandoned, Opened
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.first_text import FirstText
from neufs_tui.project.live_test import LiveTest
from neufs_tui.project.project import Project, open_session
from neufs_tui.storage.given_labels import Matched
from neufs_tui.storage.pool import Pool

LABELS = (
    Label("Without Explanation", "says that something is good or bad, and stops"),
    Label("With Explanation", "says why, or how to mend it"),
)
READY = ModelReady("smollm2-135m", "cpu", "float32", "30 layers of 1,536 neurons", "f00d")
IDENTITY = ModelIdentity("smollm2-135m", "f00d", "cpu", "float32")
"""What a session keeps of it."""


def example(row: int, text: str | None = None) -> Example:
    text = text or f"Text number {row + 1}."
    return Example(id=content_hash(text), text=text, row=row)


def pool(n: int, *, first: str | None = None) -> tuple[Example, ...]:
    return tuple(example(row, first if row == 0 else None) for row in range(n))


def reason(**changes: float | str | None) -> Reason:
    values: dict[str, float | str | None] = {
        "neighbourhood": 44,
        "signal": "margin",
        "n_farther": 30,
        "n_easier": 38,
        "neuron_count": 812,
        "distance": 0.1,
        "score": 0.8,
    }
    return Reason(**(values | changes))  # type: ignore[arg-type]


def pick(
    example: Example, *, n_labelled: int = 0, n_scanned: int = 200, why: Reason | None = None
) -> Pick:
    shares = {LABELS[0].name: 0.6, LABELS[1].name: 0.4}
    return Pick(example.id, why, LABELS[0].name, shares, n_scanned, n_labelled)


def explanation(example_id: ExampleId, labelled: tuple[ExampleId, ...] = ()) -> Explanation:
    """What an engine might say of an example."""
    nearest = labelled[0] if labelled else None
    neurons = tuple(
        GapNeuron(
            layer=3 * place,
            index=100 + place,
            contribution=4.5 - place,
            towards=(" yes", "Yes", "\n"),
            away=("<b>", " no"),
            nearest=nearest,
            nearest_contribution=0.5 * place - 1 if nearest else 0.0,
            n_examples=7 * place + 1,
            texts=tuple(example(row).id for row in (4, 9)[:place]),
        )
        for place in range(4)
    )
    return Explanation(
        example_id=example_id,
        answer="With",
        probabilities={"With": 0.62, "Without": 0.38},
        n_labelled=len(labelled),
        gap=Gap(
            size=40,
            set_size=500,
            by_layer=(0, 0, 1, 5, 9, 14, 11),
            median=12.0,
            rank=3,
            n_ranked=180,
            n_scanned=200,
        ),
        neurons=neurons,
        bars=(
            *(Bar(f"L{one.layer}.{one.index}", 1, one.contribution) for one in neurons),
            Bar("other gap neurons", 36, 20.25),
            Bar("neurons that a label covers", 460, 300.0),
            Bar("all other neurons", 45_580, -310.5),
        ),
        overlap=Overlap(nearest, 0.41, 380, 120, 118) if nearest else None,
    )


OPENED: list[StoredWorkspace] = []
"""By the test that runs; closed at its end."""


class StoredWorkspace(Workspace):
    """The real workspace, its session in a folder of its own, and what a test may ask of it."""

    def __init__(
        self,
        examples: Iterable[Example],
        *,
        labels: tuple[Label, ...] = LABELS,
        shots: int = 16,
        check: int = 0,
        again: int = 0,
        test: LiveTest | None = None,
        notices: tuple[str, ...] = (),
        removed: tuple[Example, ...] = (),
        keys: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Open a new session.

        Args:
            examples: the pool.
            labels: of the task.
            shots: demonstrations wanted.
            check: check examples wanted.
            again: labels for one that is asked again.
            test: what serves in their place.
            notices: what is to be known of the pool.
            removed: rows of the pool at an earlier time.
            keys: command → keys, as the configuration says.
        """
        self.folder = TemporaryDirectory()
        self._project = project = Project(
            pool=Pool(source="pool.jsonl", examples=tuple(examples)),
            task=Task(labels),
            model=ModelChoice(),
            selection=SelectionSettings(shots=shots, check=check, again=again),
            session_path=Path(self.folder.name) / "pool.neufs.db",
            keys=keys,
            test=test,
        )
        if removed:
            earlier = Pool(source="pool.jsonl", examples=(*project.pool.examples, *removed))
            open_session(replace(project, pool=earlier)).close()
        session = open_session(project)
        super().__init__(project, session)
        self.notices = notices
        self.calls: list[str] = []
        self.seconds: list[float | None] = []
        self.full = False
        self.closed = False
        self._record, session.record = session.record, self._watch_record
        self._set_shown, session.set_shown = session.set_shown, self._watch_set_shown
        self._close, session.close = session.close, self.close
        OPENED.append(self)

    def with_pool(self, examples: Iterable[Example]) -> Workspace:
        """The pool as its file might be later, on the same session, which knows of it."""
        pool = replace(self._project.pool, examples=tuple(examples), sha256="later")
        self.session.merge_pool(pool)
        return Workspace(replace(self._project, pool=pool), self.session)

    @property
    def done(self) -> list[Decision]:
        return list(self.session.decisions())

    @property
    def picks(self) -> dict[ExampleId, Pick | None]:
        return {one.example_id: self.session.pick_of(one.example_id) for one in self.done}

    @property
    def looked(self) -> set[ExampleId]:
        return {one.example.id for one in self.session.decided() if one.looked}

    @property
    def panels(self) -> dict[ExampleId, Explanation]:
        found = {one: self.session.panels.of(one) for one in self.examples}
        return {one: panel for one, panel in found.items() if panel is not None}

    @property
    def ready(self) -> ModelIdentity | None:
        return self.session.model()

    def _watch_record(self, decision: Decision, **told: Any) -> None:
        if self.full:
            raise SessionError("The session cannot be written: disk full.", hint="Make room.")
        self.calls.append("record")
        self.seconds.append(told["seconds"])
        self._record(decision, **told)

    def _watch_set_shown(self, *shown: Any, **told: Any) -> None:
        self.calls.append("set_shown")
        self._set_shown(*shown, **told)

    def close(self) -> None:
        if not self.closed:
            self._close()
            self.folder.cleanup()
        self.closed = True


class FakeEngine:
    """Keeps what it is sent; says only what a test makes it say."""

    def __init__(self, *, refuses: NeufsError | None = None) -> None:
        self.requests: list[Request] = []
        self.configs: list[EngineConfig] = []
        """What it was updated with."""
        self.listener: Callable[[Event], None] | None = None
        self.stopped = False
        self._refuses = refuses

    def start(self, listener: Callable[[Event], None]) -> None:
        if self._refuses is not None:
            raise self._refuses
        self.listener = listener

    def send(self, request: Request) -> None:
        self.requests.append(request)

    def update(self, config: EngineConfig) -> None:
        self.configs.append(config)

    def stop(self) -> None:
        self.stopped = True

    def say(self, *events: Event) -> None:
        assert self.listener is not None, "not started"
        for event in events:
            self.listener(event)

    @property
    def focus(self) -> Focus:
        """The last one sent."""
        return next(r for r in reversed(self.requests) if isinstance(r, Focus))

    def rank(
        self,
        *,
        pick: Pick | None = None,
        after_label: Pick | None = None,
        after_skip: Pick | None = None,
        further_after_label: tuple[Pick, ...] = (),
        queue: tuple[Pick, ...] = (),
        complete: bool = False,
    ) -> Ranked:
        """An answer to the last focus."""
        return Ranked(
            revision=self.focus.revision,
            shown=self.focus.shown,
            pick=pick,
            after_label=after_label,
            after_skip=after_skip,
            further_after_label=further_after_label,
            queue=queue,
            complete=complete,
            hunted=self.focus.hunted,
        )


class FakePoolFile(PoolFile):
    """Reads what a test says, when it says so."""

    def __init__(self, then: Callable[[Workspace], PoolNow]) -> None:
        self._then = then
        self.may_read = Flag()
        """Cleared by a test in which reading takes long."""
        self.may_read.set()
        self.is_changed = False

    def has_changed(self) -> bool:
        return self.is_changed

    def read(
        self,
        now: Workspace,
        shown: ExampleId | None,
        check: Callable[[], None] = lambda: None,
    ) -> PoolNow:
        self.may_read.wait()
        check()
        return self._then(now)


class FakeStartup:
    """Opens a workspace at once, or fails; the loop waits for what a test lets the engine say."""

    def __init__(
        self,
        workspace: StoredWorkspace,
        engine: FakeEngine | None = None,
        *,
        fails: NeufsError | None = None,
        first: FirstText | None = None,
        pool_file: FakePoolFile | None = None,
        given: Matched | None = None,
    ) -> None:
        self.workspace = workspace
        self._given = given
        self.pool_file = pool_file
        self.engine = engine or FakeEngine()
        self._fails = fails
        self._first = first
        self.may_open = Flag()
        """Cleared by a test in which reading the pool takes long."""
        self.may_open.set()
        self._is_stopped = False

    def first_text(self) -> FirstText | None:
        return self._first

    def open(self) -> Opened:
        self.may_open.wait()
        if self._is_stopped:
            raise Abandoned
        if self._fails is not None:
            raise self._fails
        loop = LabellingLoop(self.workspace, waits=self._first is None)
        if self._first is not None:
            loop.begin(self._first.example.id)
        if self._given is not None:
            loop.take_given(self._given)
        return Opened(loop, self.engine, self.pool_file)

    def stop(self) -> bool:
        self._is_stopped = True
        self.may_open.set()
        return True


async def opened(pilot: Pilot[None]) -> None:
    """Wait until the pool is read, and what that changes is painted."""
    assert isinstance(pilot.app, LabelApp)
    thread = pilot.app._opening._thread
    while thread.ident is None:
        await pilot.pause()
    await asyncio.to_thread(thread.join)
    await settled(pilot)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what was said and pressed is handled, and what it changed is painted."""
    screen = pilot.app.screen
    # A message to the app becomes one to the screen, and what that changes is painted after it
    for later in (pilot.app.call_later, screen.call_later, screen.call_after_refresh) * 2:
        reached = asyncio.Event()
        if not later(reached.set):
            return  # it is closing, and takes no more messages
        await reached.wait()
    await pilot.pause()
