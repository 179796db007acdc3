"""A workspace, an engine and a start-up that live in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from neufs_tui.app.ports import OpenSession
from neufs_tui.core.explanation import Bar, Explanation, Gap, GapNeuron, Overlap
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import (
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    Label,
    Pick,
    Reason,
    Task,
    content_hash,
)
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.protocol import Event, Focus, ModelReady, Ranked, Request
from neufs_tui.errors import NeufsError, SessionError

LABELS = (
    Label("Without Explanation", "says that something is good or bad, and stops"),
    Label("With Explanation", "says why, or how to mend it"),
)
READY = ModelReady("smollm2-135m", "cpu", "float32", 30, 1536, "f00d")


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
        )
        for place in range(4)
    )
    return Explanation(
        example_id=example_id,
        answer="With",
        probabilities={"With": 0.62, "Without": 0.38},
        labelled=labelled,
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


class FakeWorkspace:
    def __init__(
        self,
        examples: Iterable[Example],
        *,
        labels: tuple[Label, ...] = LABELS,
        shots: int = 16,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.examples = {example.id: example for example in examples}
        self.task = Task(labels)
        self.model = ModelChoice()
        self.selection = SelectionSettings(shots=shots)
        self.pool_name = "pool.jsonl"
        self.session: str | None = None
        self.notices = notices
        self.calls: list[str] = []
        self.done: list[Decision] = []
        self.undone: list[Decision] = []
        self.picks: dict[ExampleId, Pick | None] = {}
        self.seconds: list[float | None] = []
        self.looked: set[ExampleId] = set()
        self.panels: dict[ExampleId, Explanation] = {}
        self.on_screen: tuple[int, ExampleId, Pick | None, bool] | None = None
        self.ready: ModelReady | None = None
        self.full = False
        self.n_events = 0
        self.closed = False

    def revision(self) -> int:
        return self.n_events

    def decisions(self) -> tuple[Decision, ...]:
        return tuple(self.done)

    def labelled(self) -> tuple[LabelledExample, ...]:
        return tuple(
            LabelledExample(
                self.examples[one.example_id],
                one.label or "",
                seq,
                pick=self.picks.get(one.example_id),
                looked=one.example_id in self.looked,
            )
            for seq, one in enumerate(self.done, 1)
            if one.kind is DecisionKind.LABEL
        )

    def add_panel(self, panel: Explanation) -> None:
        self.panels[panel.example_id] = panel

    def record(
        self,
        decision: Decision,
        *,
        pick: Pick | None,
        seconds: float | None,
        looked: bool,
        panel: Explanation | None,
    ) -> None:
        if self.full:
            raise SessionError("The session cannot be written: disk full.", hint="Make room.")
        self.calls.append("record")
        self.n_events += 1
        self.done = [d for d in self.done if d.example_id != decision.example_id] + [decision]
        self.undone.clear()
        self.picks[decision.example_id] = pick
        self.seconds.append(seconds)
        if looked:
            self.looked.add(decision.example_id)
        if panel is not None:
            self.panels[panel.example_id] = panel

    def undo(self) -> Decision | None:
        if not self.done:
            return None
        self.n_events += 1
        self.undone.append(self.done.pop())
        return self.undone[-1]

    def redo(self) -> Decision | None:
        if not self.undone:
            return None
        self.n_events += 1
        self.done.append(self.undone.pop())
        return self.done[-1]

    def pick_of(self, example_id: ExampleId) -> Pick | None:
        return self.picks.get(example_id)

    def set_shown(self, example_id: ExampleId, pick: Pick | None, *, looked: bool = False) -> None:
        self.calls.append("set_shown")
        self.on_screen = (self.n_events, example_id, pick, looked)

    def shown(self) -> tuple[ExampleId, Pick | None, bool] | None:
        if self.on_screen is None or self.on_screen[0] != self.n_events:
            return None
        return self.on_screen[1:]

    def set_model(self, ready: ModelReady) -> None:
        self.ready = ready

    def close(self) -> None:
        self.closed = True


class FakeEngine:
    """Keeps what it is sent; says only what a test makes it say."""

    def __init__(self, *, refuses: NeufsError | None = None) -> None:
        self.requests: list[Request] = []
        self.listener: Callable[[Event], None] | None = None
        self.stopped = False
        self._refuses = refuses

    def start(self, listener: Callable[[Event], None]) -> None:
        if self._refuses is not None:
            raise self._refuses
        self.listener = listener

    def send(self, request: Request) -> None:
        self.requests.append(request)

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
        )


class FakeStartup:
    def __init__(
        self,
        workspace: FakeWorkspace,
        engine: FakeEngine | None = None,
        *,
        fails: NeufsError | None = None,
    ) -> None:
        self.workspace = workspace
        self.engine = engine or FakeEngine()
        self._fails = fails

    def read(self) -> OpenSession:
        if self._fails is not None:
            raise self._fails
        return lambda: (self.workspace, self.engine)
