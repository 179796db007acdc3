"""The labelling screen: a text, why it was chosen, the labels, and what the last key did."""

from __future__ import annotations

from time import monotonic

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key, Resize, ScreenResume
from textual.widgets import Static

from neufs_tui.app.gate import Gate
from neufs_tui.app.keys import ACTIONS, FOOTER, Action
from neufs_tui.app.milestones import Milestones
from neufs_tui.app.pages.instead import instead
from neufs_tui.app.pages.startup import Loading
from neufs_tui.app.screens.example import ExampleScreen
from neufs_tui.app.screens.help import HelpScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.bar import Bar, KeyBar
from neufs_tui.app.widgets.example_view import ExampleView
from neufs_tui.app.widgets.label_list import LabelList
from neufs_tui.app.widgets.status_bar import StatusBar
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.records import Answer, DecisionKind
from neufs_tui.core.text import one_line
from neufs_tui.engine.protocol import (
    EngineDied,
    EngineFailed,
    Event,
    Explained,
    ModelReady,
    Noticed,
    WordsFound,
)
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Shown, Waiting
from neufs_tui.wording import sentences
from neufs_tui.wording.reasons import why_shown

MIN_WIDTH, MIN_HEIGHT = 60, 16
_WIDE_FROM, _LOW_BELOW = 110, 20
_GATED = frozenset({Action.SKIP, Action.UNDO, Action.REDO, Action.PICK, Action.LOOK})
_ALL = frozenset(key for key, _ in FOOTER)
_NOTHING_SHOWN = frozenset({"u", "r", "?", "q"})


class LabelScreen(ExampleScreen):
    """Shows what the loop says, and passes on what the annotator does.

    A key acts on the picture that was on the screen when it was pressed: keys read before the
    present picture was painted are dropped.
    """

    AUTO_FOCUS = ""

    def __init__(self, pool_name: str = "") -> None:
        """Begin with nothing but the name of the pool."""
        super().__init__()
        self._pool_name = pool_name
        self._loading = Loading()
        self._failure = ("", "")
        self._picture: Shown | Waiting | None = Waiting.LOADING
        self._gate = Gate()
        self._milestones = Milestones()
        self._noticed: Noticed | None = None
        self._n_early = 0
        """Keys dropped since something was said last."""

    def compose(self) -> ComposeResult:
        """One widget for each thing said, from top to bottom."""
        yield Bar(id="header")
        yield ExampleView(id="example")
        yield LabelList(id="labels")
        yield Static(id="feedback", markup=False)
        yield StatusBar(id="status")
        yield KeyBar(id="keys")
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """Paint what is known before anything is read."""
        self.query_one("#header", Bar).parts = (
            "neufs-tui",
            *filter(None, [one_line(self._pool_name)]),
        )
        self._show_picture()

    def open(self, loop: LabellingLoop) -> None:
        """Go on with a pool that was read and a session that was opened."""
        self._loop = loop
        workspace = loop.workspace
        self._loading = self._loading.begin("starting the engine")
        self.query_one("#header", Bar).parts = ("neufs-tui", one_line(workspace.pool_name))
        self.query_one(LabelList).labels = workspace.task.labels
        self.say(" · ".join(workspace.notices))
        self._refresh()

    def hear(self, event: Event) -> None:
        """Show what an event changes: never the example being read."""
        if self._loop is None:
            return
        was = self._loop.engine.state
        self._loading = self._loading.after(event)
        try:
            self._loop.hear(event)
        except NeufsError as error:
            self.say_error(error)
        match event:
            case ModelReady():
                right = f"{sentences.model_name(event.name)} · {event.device} · {event.dtype}"
                self.query_one("#header", Bar).right = one_line(right)
            case Explained() | WordsFound():
                self.hear_answer(event)
            case Noticed() if event != self._noticed:
                self._noticed = event  # an engine started again notices the same
                self.say(" · ".join(filter(None, [self._said, *event.sentences])))
            case EngineFailed():
                self._lose_engine(event.message, event.hint, sentences.engine_failed(event))
            case EngineDied() if was is not EngineState.GONE:
                self._lose_engine(event.reason, "", sentences.engine_died(event))
        if was is EngineState.RESTARTING and self._loop.engine.state is EngineState.RUNNING:
            self.say("the engine is back")
        self._refresh()

    def on_key(self, event: Key) -> None:
        """Act on the picture that was painted when the key was pressed."""
        if self.app.screen is not self or ACTIONS.get(event.key) is Action.SUSPEND:
            return
        label = self.query_one(LabelList).key_of().get(event.key)
        action = ACTIONS.get(event.key)
        if label is None and action is None:
            return
        event.stop()
        self._take_keys()  # the picture may be on the terminal before Textual has told us
        if (label is not None or action in _GATED) and not self._gate.admits(event.time):
            self._tell_early_keys()
            return
        if label is not None:
            self._decide(DecisionKind.LABEL, label, at=event.time)
        elif action is not None:
            self.perform(action, at=event.time)

    def perform(self, action: Action, *, at: float | None = None) -> None:
        """Do what a key, or the command palette, asks for.

        Args:
            action: what to do.
            at: when the key was read, on the monotonic clock; None means now.
        """
        match action:
            case Action.SKIP:
                self._decide(DecisionKind.SKIP, None, at=at or monotonic())
            case Action.UNDO | Action.REDO:
                self._travel(action)
            case Action.PICK:
                self._pick()
            case Action.LOOK | Action.WHY | Action.OTHERS | Action.WORDS | Action.CURVE:
                self.ask(action)
            case Action.FILE_ORDER if self._loop is not None:
                self._loop.label_in_file_order()
                self._refresh()
            case Action.SAVE:
                self.say("already saved: a label is on disk before the next example shows")
            case Action.HELP:
                task = self._loop.workspace.task if self._loop else None
                self.app.push_screen(HelpScreen(task))
            case Action.QUIT:
                self.app.exit()
            case _:
                self.query_one(TextView).move(action)

    def on_resize(self, event: Resize) -> None:
        """Fit the window, or say that it is too small."""
        width, height = event.size
        too_small = width < MIN_WIDTH or height < MIN_HEIGHT
        self.set_class(width >= _WIDE_FROM, "-wide")
        self.set_class(height < _LOW_BELOW, "-low")
        self.set_class(too_small, "-too-small")
        self.query_one(LabelList).max_rows = max(3, min(10, (height - 9) // 2))
        if too_small:
            self._gate.shut()
            needs = f"neufs-tui needs {MIN_WIDTH}x{MIN_HEIGHT}, have {width}x{height}"
            self.query_one("#too-small", Static).update(needs)
        elif not self._gate.is_open:
            self._await_paint()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Take keys again, once what a modal screen hid is back."""
        if not self._gate.is_open:
            self._await_paint()

    def _decide(self, kind: DecisionKind, label: str | None, *, at: float) -> None:
        if self._loop is None or self._loop.shown is None or not self._gate.is_open:
            return
        example = self._loop.shown.example
        answer = Answer(label) if label is not None else None
        try:
            decision = self._loop.decide(kind, answer, seconds=self._gate.seconds(at))
        except NeufsError as error:
            self.say_error(error)
            return
        if decision is None:
            return
        pick = self._loop.done.pick if self._loop.done else None
        done = sentences.decided(example, decision, pick)
        reached = self._milestones.reached(self._loop) if kind is DecisionKind.LABEL else []
        self.say("\n".join([done, *reached]))
        self._refresh()

    def _travel(self, action: Action) -> None:
        if self._loop is None:
            return
        undo = action is Action.UNDO
        try:
            decision = self._loop.undo() if undo else self._loop.redo()
        except NeufsError as error:
            self.say_error(error)
            return
        if decision is None:
            self.say("nothing to undo" if undo else "nothing to redo")
            return
        sentence = sentences.undone if undo else sentences.redone
        example = self._loop.workspace.examples.get(decision.example_id)
        self.say(sentence(example, decision))
        self._refresh()

    def _pick(self) -> None:
        if self._loop is None or self._loop.shown is None:
            return
        opened_for = self._loop.shown

        def give(label: str | None) -> None:
            if label is not None and self._loop is not None and self._loop.shown is opened_for:
                self._decide(DecisionKind.LABEL, label, at=monotonic())

        self.app.push_screen(PickerScreen(self._loop.workspace.task.labels), give)

    def _lose_engine(self, message: str, hint: str, sentence: str) -> None:
        if self._loop is not None and self._loop.waiting is Waiting.FAILED:
            self._failure = (message, hint)
            self.say("")
        else:
            self.say(sentence, trouble=True)

    def say(self, sentence: str, *, trouble: bool = False) -> None:
        """Answer a key."""
        self._n_early = 0
        super().say(sentence, trouble=trouble)

    def _refresh(self) -> None:
        """Show the loop as it is: the picture if it changed, and the lines around it."""
        if self._loop is None:
            return
        picture = self._loop.shown or self._loop.waiting
        if picture != self._picture:
            self._picture = picture
            self._show_picture()
        elif self._loop.shown is None:
            self.query_one(TextView).show(self._instead())
            if not self._gate.is_open:
                self._await_paint()
        self.query_one(StatusBar).tell(self._loop)

    def _show_picture(self) -> None:
        """Put the picture in place; keys wait until it is painted."""
        self._gate.shut()
        self._underlines = False
        view = self.query_one(ExampleView)
        if self._loop is not None and self._loop.shown is not None:
            n_pool = len(self._loop.workspace.examples)
            view.show(self._loop.shown, why_shown(self._loop), n_pool=n_pool)
            self.query_one(KeyBar).keys = _ALL
        else:
            view.show_instead(self._instead())
            self.query_one(KeyBar).keys = _NOTHING_SHOWN
        self._await_paint()

    def _await_paint(self) -> None:
        picture = self._picture

        def painted() -> None:
            if self._picture is picture and self.app.screen is self:
                self._take_keys()

        self.query_one(TextView).call_when_painted(painted)

    def _take_keys(self) -> None:
        painted_at = self.query_one(TextView).drawn_at
        if painted_at is None or self._gate.is_open or self.has_class("-too-small"):
            return
        self._gate.open(painted_at)
        self._tell_early_keys()
        if self._loop is not None:
            try:
                self._loop.painted()
            except NeufsError as error:
                self.say_error(error)

    def _tell_early_keys(self) -> None:
        """Say that keys were dropped, once the picture they were too early for is there."""
        if not self._gate.is_open or not (n_early := self._gate.take_early()):
            return
        self._n_early += n_early
        said = f"{self._said} · {sentences.too_early(self._n_early)}".removeprefix(" · ")
        self.show_said(said)

    def _instead(self) -> Content:
        return instead(self._loop, self._loading, self._failure)
