"""The labelling screen: a text, why it was chosen, the labels, and what the last key did."""

from __future__ import annotations

from collections.abc import Callable, Collection
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key, Resize, ScreenResume, ScreenSuspend
from textual.widgets import Static

from neufs_tui.app.commands import Commands
from neufs_tui.app.display import Display
from neufs_tui.app.engine_news import EngineNews
from neufs_tui.app.hunting import Hunting
from neufs_tui.app.keys import LABEL, SCREEN_COMMANDS, bound, first_key
from neufs_tui.app.model_questions import ModelQuestions
from neufs_tui.app.screens.pages import PagesScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.class_balance import ClassBalance
from neufs_tui.app.widgets.example_view import ExampleView
from neufs_tui.app.widgets.header import Header
from neufs_tui.app.widgets.side_panel import SidePanel
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.exact_prompt import ExactPrompt
from neufs_tui.core.records import Answer
from neufs_tui.engine.protocol import (
    Event,
    Explained,
    ModelReady,
    Suggested,
    Uncertainty,
    WordsFound,
)
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.progress import progress
from neufs_tui.labelling.shown import Shown
from neufs_tui.wording import sentences
from neufs_tui.wording.amended import marked
from neufs_tui.wording.reasons import facts, in_brief
from neufs_tui.wording.side import side_sections
from neufs_tui.wording.status import READING, status_lines

if TYPE_CHECKING:
    from neufs_tui.project.first_text import FirstText

MIN_WIDTH, MIN_HEIGHT = 60, 16
_SIDE_FROM, _NARROW_BELOW, _LOW_BELOW = 100, 76, 20
_CURVE_FROM = 160, 45
_MOST_LABEL_ROWS = 19
_OTHER_LINES, _FEWEST_TEXT_LINES = 12, 6
"""Lines that are neither the text's nor the labels', and those that the text keeps at least."""


class LabelScreen(PagesScreen):
    """Shows what the loop says, and passes on what the annotator does.

    A key acts on the display that was on the screen when it was pressed: keys read before the
    present display was painted are dropped.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [LABEL, *SCREEN_COMMANDS]

    pressed: Key | None = None
    """The key whose action runs at the moment, set by the app; an action is not told of it."""

    def __init__(self, pool_name: str = "") -> None:
        """Begin with nothing but the name of the pool."""
        super().__init__()
        self._pool_name = pool_name
        self._keys: dict[str, str] = {}
        """Command → the key to name."""
        self._plotted = -1
        """Length of the journal whose learning curve is drawn."""
        self._news = EngineNews()
        self._header, self._balance = Header(id="header"), ClassBalance(id="classes")
        self._view, self._side = ExampleView(self._labels, id="example"), SidePanel(id="side")
        self._display = Display(
            self._view, self._foot, lambda: self._news.page(self._loop, self._keys["offer"])
        )

    def compose(self) -> ComposeResult:
        """One widget for each thing said, from top to bottom."""
        yield self._header
        yield self._balance
        with Horizontal():
            yield self._view
            yield self._side
        yield self._foot
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """Paint what is known before anything is read."""
        self._header.name_pool(self._pool_name)
        self._know_keys()
        self._display.show()

    def preview(self, first: FirstText) -> None:
        """Show a text while the pool is read: no key decides on it before that is done."""
        why = facts(first.pick)
        if first.tells_why:
            why = in_brief(first.pick, n_labels=first.n_labels)
        if first.task is not None:
            self._labels.labels = first.task.labels
        self._display.preview(Shown(first.example, first.pick), why)
        self._foot.tell(READING)

    def open(self, loop: LabellingLoop, taken: Collection[str] = ()) -> None:
        """Go on with a pool that was read and a session that was opened.

        Args:
            loop: where the annotator is.
            taken: keys that the configuration gives to commands.
        """
        self._know_keys()
        self._loop, self._commands = loop, Commands(loop, self._keys)
        self._questions = ModelQuestions(loop, self._view, self._foot)
        parts = (self._labels, self._foot, self._keys)
        self._hunting = Hunting(self, loop, *parts, self._refresh)
        self._display.open(loop)
        self._news.start()
        workspace = loop.workspace
        self._header.name_pool(workspace.pool_name)
        self._labels.labels, self._labels.taken = workspace.task.labels, frozenset(taken)
        self._labels.find_key = self._keys["find"]
        self._view.fit()
        self._foot.say(" · ".join(workspace.notices))
        self._refresh()

    def say(self, sentence: str) -> None:
        """Answer a key of the app's."""
        self._foot.say(sentence)

    def refuse(self, error: NeufsError) -> None:
        """Say why the pool's file is not taken in: all is as it was."""
        self._foot.say(sentences.not_taken_in(error, self._keys["reload"]), trouble=True)

    def tell_change(self) -> None:
        """Say, until it is taken in, that the pool's file has changed."""
        if self._loop is not None:
            self._header.tell_change(self._keys["reload"])

    def take_in(self, n_new: int, n_gone: int) -> None:
        """Go on with the pool that the loop has now; what is shown stays.

        Args:
            n_new: texts that came.
            n_gone: texts that are not in it any more.
        """
        if self._loop is None or self._questions is None:
            return
        workspace, shown = self._loop.workspace, self._loop.shown_id
        self._header.name_pool(workspace.pool_name)
        said = sentences.taken_in(
            workspace.pool_name,
            len(workspace.examples),
            n_new,
            n_gone,
            keeps_shown=shown is not None and shown not in workspace.examples,
        )
        self._foot.say(" · ".join([said, *workspace.notices]))
        self._display.open(self._loop)
        self._questions.tell()
        self._refresh()

    def hear(self, event: Event) -> None:
        """Show what an event changes: never the example being read."""
        if self._loop is None or self._questions is None:
            return
        was = self._loop.engine.state
        try:
            self._loop.hear(event)
        except NeufsError as error:
            self._foot.say_error(error)
        match event:
            case ModelReady():
                self._header.name_model(event)
            case Explained() | ExactPrompt():
                self._questions.hear(event)
            case WordsFound():
                self._questions.underline()
            case Suggested() if self._hunting is not None:
                self._hunting.hear(event)
            case Uncertainty() if self._list is not None:
                self._list.hear(event)
        self._news.tell(event, was, self._loop, self._foot)
        self._questions.tell_progress()
        self._refresh()

    def action_label(self) -> None:
        """Give the label whose key was pressed."""
        key = self.pressed.key if self.pressed else ""
        label = self._labels.key_of().get(key)
        if label is not None:
            self._decide(Answer(label))
        elif self._commands is None:
            self._decide(None)
        else:
            self._foot.say(f"no label has the key {key}")

    def action_skip(self) -> None:
        """Leave the example without a label."""
        self._decide(None)

    def action_undo(self) -> None:
        """Take the last decision back."""
        self._act(Commands.undo)

    def action_redo(self) -> None:
        """Bring back what was undone last."""
        self._act(Commands.redo)

    def action_model(self) -> None:
        """Show the model's answer."""
        self._act(Commands.look)

    def action_find(self) -> None:
        """Give a label that is found by typing, to the example that is shown now."""
        admitted = self._display.admits(self._read_at)
        if not admitted or self._loop is None or self._loop.shown is None:
            return
        opened_for = self._loop.shown

        def give(label: str | None) -> None:
            if label is not None and self._loop is not None and self._loop.shown is opened_for:
                self._decide(Answer(label))

        picker = PickerScreen(self._labels.labels, self._labels.keys_by_label)
        self.app.push_screen(picker, give)

    def action_save(self) -> None:
        """Reassure."""
        self._foot.say("already saved: a label is on disk before the next example shows")

    def action_scroll(self, to: str) -> None:
        """Move the text."""
        self._view.query_one(TextView).move(to)

    def on_resize(self, event: Resize) -> None:
        """Fit the window, or say that it is too small."""
        width, height = event.size
        too_small = width < MIN_WIDTH or height < MIN_HEIGHT
        self.set_class(width >= _SIDE_FROM, "-with-side")
        self.set_class(width >= _CURVE_FROM[0] and height >= _CURVE_FROM[1], "-with-curve")
        self.set_class(width < _NARROW_BELOW, "-narrow")
        self.set_class(height < _LOW_BELOW, "-low")
        self.set_class(too_small, "-too-small")
        room = height - _OTHER_LINES
        self._labels.max_rows = max(3, min(_MOST_LABEL_ROWS, room // 2))
        self._labels.max_lines = min(_MOST_LABEL_ROWS, room - _FEWEST_TEXT_LINES)
        if too_small:
            needs = f"neufs-tui needs {MIN_WIDTH}x{MIN_HEIGHT}, have {width}x{height}"
            self.query_one("#too-small", Static).update(needs)
        self._display.hide(too_small)
        self._refresh()

    def on_screen_suspend(self, _event: ScreenSuspend) -> None:
        """Name no keys that do nothing while something lies over the screen."""
        self._foot.hide_keys(True)

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Take keys again, once what a modal screen hid is back."""
        self._foot.hide_keys(False)
        self._display.await_paint()

    def _know_keys(self) -> None:
        """Name the keys as they are bound now."""
        commands = bound(self)
        self._keys = {str(one.id): first_key(one) for one in commands}
        self._foot.name_keys(tuple((first_key(one), str(one.id)) for one in commands if one.show))

    @property
    def _read_at(self) -> float:
        """When the key was read that is being answered; now for what comes without one."""
        return self.pressed.time if self.pressed is not None else monotonic()

    def _act(self, command: Callable[[Commands], str | None]) -> None:
        """Do what acts on the display, if that had been painted when the key was read."""
        if not self._display.admits(self._read_at):
            return
        if self._commands is None:
            self._foot.say(sentences.STILL_READING)
            return
        try:
            said = command(self._commands)
        except NeufsError as error:
            self._foot.say_error(error)
            return
        if said is not None:
            self._foot.say(said, in_full=True)
        self._refresh()

    def _decide(self, answer: Answer | None) -> None:
        seconds = self._display.seconds(self._read_at)
        self._act(lambda commands: commands.decide(answer, seconds=seconds))

    def _refresh(self) -> None:
        """Show the loop as it is: the display if it changed, and the lines around it."""
        if self._loop is None or self._questions is None:
            return
        if self._display.follow():
            self._questions.begin()
        if (shown := self._loop.shown) is not None:
            self._view.mark(marked(self._loop.workspace.session, shown.example.id))
        self._header.tell_hunt(self._loop.engine.hunted, self._keys["hunt"])
        lines = status_lines(self._loop, loading=self._news.loading)
        self._balance.counts, self._balance.right = self._loop.counts.by_class, lines.progress
        self._foot.tell(lines)
        if self.has_class("-with-side"):
            self._side.sections = side_sections(self._loop)
        if self.has_class("-with-curve") and self._plotted != self._loop.position.revision:
            self._plotted = self._loop.position.revision
            points = progress(self._loop).points
            if len(points) > 1:
                self._view.plot(points)
