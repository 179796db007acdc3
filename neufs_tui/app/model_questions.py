"""What the annotator asks the model about the example shown, and where its answers go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neufs_tui.app.widgets.example_view import ExampleView
from neufs_tui.app.widgets.foot import Foot
from neufs_tui.core.exact_prompt import ExactPrompt
from neufs_tui.core.words import stretches
from neufs_tui.engine.protocol import Explain, Explained, FindWords
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording import exact_prompt as prompts
from neufs_tui.wording.explanation import Neighbours, leaving_out, words_found
from neufs_tui.wording.reasons import origin_shown, why_shown
from neufs_tui.wording.status import asking

if TYPE_CHECKING:
    from neufs_tui.app.screens.prompt import PromptScreen
    from neufs_tui.app.screens.why import ExplainedScreen


class ModelQuestions:
    """Asks, says how far the model is meanwhile, and shows what comes back."""

    def __init__(self, loop: LabellingLoop, view: ExampleView, foot: Foot) -> None:
        """Bind the loop, and the widgets that show its example and answer keys."""
        self._loop = loop
        self._view = view
        self._foot = foot
        self._page: ExplainedScreen | None = None
        """The page opened last, which may wait for its explanation."""
        self._prompt: PromptScreen | None = None
        """The prompt opened last, which may wait for the engine."""
        self._is_prompt_asked = False
        """Whether an engine that is there was asked for it."""
        self._underlines = False
        """Whether the words behind the gap were asked for."""
        self._waits = ""
        """What is said until they are found."""

    def begin(self) -> None:
        """Another example is shown, or none."""
        self._underlines, self._waits = False, ""

    def open(self, page: type[ExplainedScreen]) -> ExplainedScreen | None:
        """A page about the example shown, filled at once if that is explained already.

        Args:
            page: which.

        Returns:
            What to show; None when there is nobody to ask, which is told.
        """
        loop = self._loop
        if loop.shown is None or not (loop.questions.explanation or loop.ask(Explain)):
            self._foot.say("there is nothing to explain without an example and the model")
            return None
        self._page = page(
            loop.shown.example.id,
            self._pool,
            loop.questions.explanation,
            why=why_shown(loop),
            origin=origin_shown(loop),
            looked=loop.has_looked,
            waiting=asking(loop.engine.scan, is_unread=loop.questions.is_unread),
        )
        return self._page

    def open_prompt(self) -> PromptScreen | None:
        """A page of what the model reads for the example shown.

        Returns:
            What to show; None when there is nothing to show it of, which is told.
        """
        loop = self._loop
        if loop.shown is None or loop.engine.state is EngineState.GONE:
            self._foot.say(prompts.NO_EXAMPLE if loop.shown is None else prompts.NO_MODEL)
            return None
        from neufs_tui.app.screens.prompt import PromptScreen

        self._prompt = PromptScreen(loop.shown.example.id, self._pool, self._prompt_waiting)
        self._is_prompt_asked = loop.ask_prompt()
        return self._prompt

    def toggle_words(self) -> None:
        """Underline the words behind the gap, or show the text as it was."""
        loop = self._loop
        if loop.shown is None:
            return
        self._underlines = not self._underlines
        self._waits = ""
        if not self._underlines:
            self._foot.say("")
        elif loop.questions.words is None and not loop.ask(FindWords):
            self._underlines = False
            self._foot.say("there is nobody to ask without the model")
        elif loop.questions.words is None:
            self._say_waiting()
        self.underline()

    def underline(self) -> None:
        """Show the text with or without its underlined words, where it stands."""
        loop = self._loop
        if loop.shown is None:
            return
        words = (loop.questions.words or ()) if self._underlines else ()
        self._view.underline(loop.shown.example.text, words)
        if self._underlines and loop.questions.words is not None:
            self._foot.say(words_found(len(words)))

    def hear(self, event: Explained | ExactPrompt) -> None:
        """Pass what the engine said on to the panel, and to a page that waits for it."""
        if isinstance(event, ExactPrompt):
            if self._prompt is not None:
                self._prompt.hear(event)
            return
        if event.explanation is self._loop.questions.explanation:
            self.tell()
        if self._page is not None:
            self._page.hear(event)

    def tell(self) -> None:
        """Show in the panel what is known of the example shown."""
        if (known := self._loop.questions.explanation) is not None:
            self._view.explain(known)

    def tell_progress(self) -> None:
        """Say how far the model is, where it is waited for."""
        if self._page is not None:
            self._page.wait(
                asking(self._loop.engine.scan, is_unread=self._loop.questions.is_unread)
            )
        if self._prompt is not None and self._prompt.waits:
            if self._loop.engine.is_away:
                self._is_prompt_asked = False  # it was lost with the engine
            elif not self._is_prompt_asked:
                self._is_prompt_asked = self._loop.ask_prompt()
            self._prompt.wait(self._prompt_waiting)
        if self._waits and self._waits == self._foot.said:
            self._say_waiting()

    def _say_waiting(self) -> None:
        loop = self._loop
        if loop.shown is not None:
            what = leaving_out(len(stretches(loop.shown.example.text)))
            self._waits = asking(loop.engine.scan, is_unread=loop.questions.is_unread, what=what)
            self._foot.say(self._waits)

    @property
    def _prompt_waiting(self) -> str:
        engine = self._loop.engine
        name, is_loaded = self._loop.workspace.model_name, engine.model is not None
        return prompts.waiting(engine.state, name, is_loaded=is_loaded)

    @property
    def _pool(self) -> Neighbours:
        return Neighbours(self._loop.workspace.examples, self._loop.position.answers)
