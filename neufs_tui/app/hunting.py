"""Choosing by one label: the hunt for it, and the page of suggestions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.foot import Foot
from neufs_tui.app.widgets.label_list import LabelList
from neufs_tui.core.records import ExampleId
from neufs_tui.engine.protocol import Suggested
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.suggestions import SuggestedPage, page_of
from neufs_tui.wording import sentences

if TYPE_CHECKING:
    from textual.screen import Screen

_OTHER_ROWS, _MOST_ROWS = 14, 30
"""Lines of the page that are no suggestions, and suggestions at most."""
_FEWEST_ROWS = 3


class Hunting:
    """Begins and leaves hunts, and puts suggestions before the annotator."""

    def __init__(
        self,
        screen: Screen[None],
        loop: LabellingLoop,
        labels: LabelList,
        foot: Foot,
        keys: Mapping[str, str],
        refresh: Callable[[], None],
    ) -> None:
        """Bind what it acts on.

        Args:
            screen: under the pages that it opens.
            loop: where the annotator is.
            labels: of the task, with their keys.
            foot: what answers keys.
            keys: command → the key to name.
            refresh: shows the loop as it is.
        """
        self._screen = screen
        self._loop = loop
        self._labels = labels
        self._foot = foot
        self._keys = keys
        self._refresh = refresh

    def toggle(self) -> None:
        """Ask which label is hunted for, or leave the hunt there is."""
        if self.leave():
            return
        if not self._loop.may_hunt:
            self._foot.say(sentences.HUNT_TOO_EARLY)
            return
        counts = self._loop.counts.by_class
        picker = PickerScreen(
            self._labels.labels,
            self._labels.keys_by_label,
            asks="hunt for which label? type a part of it",
            first=min(counts, key=counts.__getitem__),
        )
        self._screen.app.push_screen(picker, self._begin)

    def leave(self) -> bool:
        """Choose as before again; whether anything was hunted."""
        if self._loop.engine.hunted is None:
            return False
        self._loop.hunt(None)
        self._foot.say(sentences.HUNT_LEFT)
        self._refresh()
        return True

    def suggest(self) -> None:
        """Ask for as many suggestions as a page has lines."""
        spare = self._screen.size.height - _OTHER_ROWS
        asked = self._loop.suggest(max(_FEWEST_ROWS, min(_MOST_ROWS, spare)))
        self._foot.say(sentences.LOOKING if asked else sentences.NOBODY_THERE)

    def hear(self, event: Suggested) -> None:
        """Open the page that was asked for, unless something else was done since."""
        is_awaited = self._foot.said == sentences.LOOKING and self._screen.is_active
        if not is_awaited or event.revision != self._loop.position.revision:
            return
        page = page_of(event, self._loop.workspace, self._loop.position)
        if page is None:
            self._foot.say(sentences.nothing_certain(event.label))
            return
        from neufs_tui.app.screens.suggestions import SuggestionsScreen

        def take(answers: Mapping[ExampleId, str] | None) -> None:
            self._take(page, answers or {})

        self._foot.say("")
        shown = SuggestionsScreen(page, self._labels.key_of())
        self._screen.app.push_screen(shown, take)

    def _begin(self, label: str | None) -> None:
        if label is None:
            return
        if not self._loop.may_hunt:  # the engine may have gone meanwhile
            self._foot.say(sentences.HUNT_TOO_EARLY)
            return
        self._loop.hunt(label)
        self._foot.say(sentences.hunt_begun(label, self._keys["hunt"]))
        self._refresh()

    def _take(self, page: SuggestedPage, answers: Mapping[ExampleId, str]) -> None:
        try:
            made = self._loop.accept(page, answers)
        except NeufsError as error:
            self._foot.say_error(error)
            return
        self._foot.say(sentences.accepted(made, page.label, undo=self._keys["undo"]))
        self._refresh()
