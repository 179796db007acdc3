"""What lies over the labelling screen, and the commands that show more and decide nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.screen import Screen

from neufs_tui.app.commands import Commands
from neufs_tui.app.hunting import Hunting
from neufs_tui.app.keys import bound
from neufs_tui.app.model_questions import ModelQuestions
from neufs_tui.app.screens.help import HelpScreen
from neufs_tui.app.widgets.foot import Foot
from neufs_tui.app.widgets.label_list import LabelList
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.progress import progress
from neufs_tui.wording import sentences

if TYPE_CHECKING:
    from neufs_tui.app.screens.list import ListScreen
    from neufs_tui.app.screens.why import ExplainedScreen


class PagesScreen(Screen[None]):
    """Opens pages over itself, once there is a pool; what it shows itself is a subclass's."""

    BINDINGS: ClassVar = [Binding("escape", "leave_hunt", show=False)]

    _loop: LabellingLoop | None = None
    _questions: ModelQuestions | None = None
    _hunting: Hunting | None = None
    _commands: Commands | None = None
    _list: ListScreen | None = None
    """The list opened last, which may wait for an order."""

    def __init__(self) -> None:
        """Begin with nothing to show pages of."""
        super().__init__()
        self._foot = Foot(id="foot")
        self._labels = LabelList(id="labels")

    def action_why(self) -> None:
        """Take the choice apart."""
        from neufs_tui.app.screens.why import WhyScreen  # pages are imported when asked for

        self._open(WhyScreen)

    def action_others(self) -> None:
        """Show what other rules would have shown."""
        from neufs_tui.app.screens.why import OthersScreen

        self._open(OthersScreen)

    def action_prompt(self) -> None:
        """Show what the model reads, token by token."""
        if self._questions is None:
            self._foot.say(sentences.STILL_READING)
        elif (opened := self._questions.open_prompt()) is not None:
            self.app.push_screen(opened)

    def action_words(self) -> None:
        """Underline the words behind the gap, or show the text as it was."""
        if self._questions is not None:
            self._questions.toggle_words()

    def action_list(self) -> None:
        """Show every example, to search, open and change."""
        if self._loop is None or self._commands is None:
            self._foot.say(sentences.STILL_READING)
            return
        from neufs_tui.app.screens.list import ListScreen

        def come_back(said: str | None) -> None:
            if said:
                self._foot.say(said)
            self._refresh()

        self._list = ListScreen(self._loop, self._commands, self._labels)
        self.app.push_screen(self._list, come_back)

    def action_flag(self) -> None:
        """Flag the example shown, or flag it no longer."""
        if self._loop is not None and (shown := self._loop.shown) is not None:
            self._act(lambda commands: commands.flag(shown.example))

    def action_note(self) -> None:
        """Write something of the example shown."""
        if self._commands is None or self._loop is None or self._loop.shown is None:
            return
        from neufs_tui.app.screens.note import NoteScreen

        example = self._loop.shown.example

        def keep(note: str | None) -> None:
            if note is not None:
                self._act(lambda commands: commands.note(example, note))

        self.app.push_screen(NoteScreen(example, self._commands.note_on(example)), keep)

    def action_copy(self) -> None:
        """Copy the text of the example shown."""
        if self._loop is not None and (shown := self._loop.shown) is not None:
            self.app.copy_to_clipboard(shown.example.text)

    def action_export(self) -> None:
        """Write the few-shot set."""
        if self._loop is None:
            self._foot.say(sentences.STILL_READING)
            return
        if not self._loop.workspace.session.decided():
            self._foot.say("nothing is labelled yet")
            return
        from neufs_tui.app.screens.export import ExportScreen

        def tell(said: str | None) -> None:
            if said:
                self._foot.say(said, in_full=True)

        self.app.push_screen(ExportScreen(self._loop.workspace), tell)

    def action_offer(self) -> None:
        """Have what was skipped offered again."""
        self._act(Commands.offer)

    def action_curve(self) -> None:
        """Show what the labels have brought."""
        if self._loop is None:
            return
        from neufs_tui.app.screens.curve import CurveScreen

        self.app.push_screen(CurveScreen(progress(self._loop)))

    def action_help(self) -> None:
        """Show what the keys do and the words mean."""
        self.app.push_screen(HelpScreen(bound(self)))

    def action_guide(self) -> None:
        """Show what the annotator goes by."""
        if self._loop is None:
            self._foot.say(sentences.STILL_READING)
            return
        from neufs_tui.app.screens.guide import GuideScreen

        self.app.push_screen(GuideScreen(self._loop))

    def action_ahead(self) -> None:
        """Show what would come next."""
        if self._loop is None:
            self._foot.say(sentences.STILL_READING)
            return
        from neufs_tui.app.screens.ahead import AheadScreen

        self.app.push_screen(AheadScreen(self._loop))

    def action_hunt(self) -> None:
        """Look for likely examples of a label, or for none any more."""
        self._with_hunting(Hunting.toggle)

    def action_leave_hunt(self) -> None:
        """Look for none any more."""
        if self._hunting is not None:
            self._hunting.leave()

    def action_suggest(self) -> None:
        """Show examples whose label is all but certain."""
        self._with_hunting(Hunting.suggest)

    def _refresh(self) -> None:
        """Show the loop as it is."""
        raise NotImplementedError

    def _act(self, command: Callable[[Commands], str | None]) -> None:
        """Do what acts on the display, if that had been painted when the key was read."""
        raise NotImplementedError

    def _with_hunting(self, command: Callable[[Hunting], object]) -> None:
        if self._hunting is None:
            self._foot.say(sentences.STILL_READING)
        else:
            command(self._hunting)

    def _open(self, page: type[ExplainedScreen]) -> None:
        if self._questions is not None and (opened := self._questions.open(page)) is not None:
            self.app.push_screen(opened)
