"""A screen around one example: what the annotator may ask of it, and the line that answers."""

from __future__ import annotations

from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from neufs_tui.app.keys import Action
from neufs_tui.app.screens.why import ExplainedScreen, OthersScreen, WhyScreen
from neufs_tui.app.widgets.example_view import ExampleView
from neufs_tui.core.text import visible
from neufs_tui.core.words import stretches
from neufs_tui.engine.protocol import Explain, Explained, FindWords, WordsFound
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording import sentences
from neufs_tui.wording.explanation import Neighbours
from neufs_tui.wording.reasons import origin_shown, why_shown

_SAID_LINES = 2
"""Of the style sheet: lines kept free for what answers a key."""


class ExampleScreen(Screen[None]):
    """Answers questions about the example shown; changes nothing of the session."""

    def __init__(self) -> None:
        """Begin with no example."""
        super().__init__()
        self._loop: LabellingLoop | None = None
        self._said = ""
        self._underlines = False
        """Whether the annotator asked for the words behind the gap."""

    def ask(self, action: Action) -> None:
        """Do what a key asks about the example shown."""
        match action:
            case Action.LOOK:
                self._look()
            case Action.WHY:
                self._explain(WhyScreen)
            case Action.OTHERS:
                self._explain(OthersScreen)
            case Action.WORDS:
                self._toggle_words()
            case Action.CURVE:
                self._show_curve()

    def hear_answer(self, event: Explained | WordsFound) -> None:
        """Show what the engine has answered."""
        if isinstance(event, WordsFound):
            self._underline()
        else:
            self._show_explained(event)

    def say(self, sentence: str, *, trouble: bool = False) -> None:
        """Put a sentence on the line that answers keys."""
        self._said = sentence
        self.query_one("#feedback", Static).set_class(trouble, "-trouble")
        self.show_said(sentence)

    def show_said(self, sentence: str) -> None:
        """Put words on that line; long ones take the line of keys too, and move no label."""
        feedback = self.query_one("#feedback", Static)
        content = Content(visible(sentence))
        width = feedback.content_size.width
        self.set_class(bool(width) and len(content.wrap(width)) > _SAID_LINES, "-long")
        feedback.update(content)

    def say_error(self, error: NeufsError) -> None:
        """Put an error there."""
        self.say(" — ".join(filter(None, [error.message, error.hint])), trouble=True)

    def _explain(self, screen: type[ExplainedScreen]) -> None:
        """Open a page about the example shown, at once if it is explained already."""
        loop = self._loop
        if loop is None or loop.shown is None or not (loop.explanation or loop.ask(Explain)):
            self.say("there is nothing to explain without an example and the model")
        else:
            about = (loop.shown.example.id, self._pool(loop), loop.explanation)
            page = screen(
                *about, why=why_shown(loop), origin=origin_shown(loop), looked=loop.has_looked
            )
            self.app.push_screen(page)

    def _pool(self, loop: LabellingLoop) -> Neighbours:
        return Neighbours(loop.workspace.examples, loop.answers)

    def _show_explained(self, event: Explained) -> None:
        """Pass what the engine said on to the panel, and to a page that waits for it."""
        loop = self._loop
        if loop is not None and loop.explanation and loop.explanation is event.explanation:
            self.query_one(ExampleView).explain(loop.explanation, self._pool(loop))
        if isinstance(self.app.screen, ExplainedScreen):
            self.app.screen.hear(event)

    def _look(self) -> None:
        try:
            pick = self._loop.look() if self._loop else None
        except NeufsError as error:
            self.say_error(error)
            return
        if self._loop is None or pick is None:
            self.say("the model has not answered this one yet")
        else:
            self.say(sentences.model_says(pick, self._loop.workspace.task.label_names))

    def _toggle_words(self) -> None:
        """Underline the words behind the gap, or the text as it was."""
        if self._loop is None or self._loop.shown is None:
            return
        self._underlines = not self._underlines
        if not self._underlines:
            self.say("")
        if self._underlines and self._loop.words is None and not self._loop.ask(FindWords):
            self._underlines = False
            self.say("there is nobody to ask without the model")
        elif self._underlines and self._loop.words is None:
            n_parts = len(stretches(self._loop.shown.example.text))
            self.say(sentences.leaving_out(n_parts))
        self._underline()

    def _underline(self) -> None:
        """Show the text with or without its underlined words, where it stands."""
        if self._loop is None or self._loop.shown is None:
            return
        words = (self._loop.words or ()) if self._underlines else ()
        self.query_one(ExampleView).underline(self._loop.shown.example.text, words)
        if self._underlines and self._loop.words is not None:
            self.say(sentences.words_found(len(words)))

    def _show_curve(self) -> None:
        if self._loop is None:
            return
        # plotting takes time to import, and few look at the curve at once
        from neufs_tui.app.screens.curve import CurveScreen

        self.app.push_screen(CurveScreen(self._loop.progress()))
