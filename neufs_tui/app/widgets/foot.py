"""The bottom of the screen: what the last key did, how far all is, which keys there are."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from neufs_tui.app.widgets.bar import KeyBar
from neufs_tui.app.widgets.status_bar import StatusBar
from neufs_tui.core.text import visible
from neufs_tui.errors import NeufsError
from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.sentences import too_early
from neufs_tui.wording.status import StatusLines

_SAID_LINES = 2
"""Of the style sheet: lines kept free for what answers a key."""
_ON_EXAMPLES = frozenset({"skip", "hunt", "flag", "why"})
"""Commands that are of no use while there is no example."""


class Foot(Vertical):
    """Always as many lines: a long answer takes the line of keys too, and moves no label.

    What is to be read in full takes the engine's line as well. What it would take beyond is cut.
    """

    DEFAULT_CSS = """
    Foot {
        height: auto;

        #feedback {
            height: 2;
            content-align: left bottom;
        }

        &.-long #feedback {
            height: 3;
        }

        &.-long #keys {
            display: none;
        }

        &.-longest #feedback {
            height: 4;
        }

        &.-longest #status {
            display: none;
        }
    }
    """

    said: str = ""
    """What answered the last key."""
    _may_take: int = 1
    """Lines of others that it may take."""
    _n_early: int = 0
    """Keys that came too early since then."""

    def compose(self) -> ComposeResult:
        """The answer above the status, the keys last."""
        yield Static(id="feedback", markup=False)
        yield StatusBar(id="status")
        yield KeyBar(id="keys")

    def say(self, sentence: str, *, trouble: bool = False, in_full: bool = False) -> None:
        """Answer a key.

        Args:
            sentence: the answer.
            trouble: it is about something that went wrong.
            in_full: it goes before what the engine does, should it be long.
        """
        self.said, self._n_early, self._may_take = sentence, 0, 2 if in_full else 1
        self.query_one("#feedback", Static).set_class(trouble, "-trouble")
        self._show(sentence)

    def say_error(self, error: NeufsError) -> None:
        """Answer it with what went wrong."""
        self.say(" — ".join(filter(None, [error.message, error.hint])), trouble=True)

    def say_early(self, n_keys: int) -> None:
        """Add to the answer that so many more keys came too early."""
        self._n_early += n_keys
        self._show(f"{self.said} · {too_early(self._n_early)}".removeprefix(" · "))

    def tell(self, lines: StatusLines) -> None:
        """Say where the annotator is, and where the engine is."""
        self.query_one(StatusBar).lines = lines

    def name_keys(self, keys: tuple[tuple[str, str], ...]) -> None:
        """Name keys, each with its command."""
        self.query_one(KeyBar).keys = keys

    def hide_keys(self, is_hidden: bool) -> None:
        """Leave the line of keys blank, or show it again."""
        self.query_one(KeyBar).visible = not is_hidden

    def tell_example(self, *, is_shown: bool) -> None:
        """Name what acts on an example only while there is one."""
        self.query_one(KeyBar).idle = frozenset() if is_shown else _ON_EXAMPLES

    def _show(self, sentence: str) -> None:
        feedback = self.query_one("#feedback", Static)
        content = Content(visible(sentence))
        width = feedback.content_size.width
        lines = content.wrap(width) if width else []
        n_most = _SAID_LINES + self._may_take
        if len(lines) > n_most:
            shown = [line.plain.rstrip() for line in lines[:n_most]]
            content = Content("\n".join([*shown[:-1], ellipsis(f"{shown[-1]} …", width)]))
        self.set_class(len(lines) > _SAID_LINES, "-long")
        self.set_class(min(len(lines), n_most) > _SAID_LINES + 1, "-longest")
        feedback.update(content)
