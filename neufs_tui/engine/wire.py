"""What goes over the pipe of what the app says: of a focus, only what the engine cannot know yet.

Both ends keep the decisions sent last over this pipe, so that a label costs as much to send when
it is the two-thousandth. A new pipe begins with none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neufs_tui.core.records import Decision, Example, ExampleId
from neufs_tui.engine.protocol import EngineConfig, Focus, Request


@dataclass(frozen=True, slots=True)
class FocusChange:
    """A focus, less the decisions that the other end has."""

    focus: Focus
    """Its `decisions` are only those behind the ones kept."""
    n_kept: int
    """How many of the decisions of the focus before it hold in this one, from the first on."""


@dataclass(frozen=True, slots=True)
class PoolInColumns:
    """A configuration, its pool as columns: objects of a large pool take seconds to go over.

    Neither the examples' own ids nor what is kept for the export is among them.
    """

    config: EngineConfig
    """Without examples."""
    ids: tuple[ExampleId, ...]
    texts: tuple[str, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, config: EngineConfig) -> PoolInColumns:
        """Take a configuration apart."""
        examples = config.examples
        return cls(
            config=replace(config, examples=()),
            ids=tuple(one.id for one in examples),
            texts=tuple(one.text for one in examples),
            rows=tuple(one.row for one in examples),
        )

    def together(self) -> EngineConfig:
        """The configuration, with what the engine needs of its pool."""
        examples = map(Example, self.ids, self.texts, self.rows)
        return replace(self.config, examples=tuple(examples))


@dataclass(frozen=True, slots=True)
class Stay:
    """How long the engine is to wait for another app, should this one be gone without a word."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Quit:
    """The engine is to store what it has read, and end."""


class Shortener:
    """The app's end of one pipe."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self._sent: tuple[Decision, ...] = ()

    def shorten(self, said: EngineConfig | Request) -> object:
        """What is to be sent, in the order in which it is sent."""
        if isinstance(said, EngineConfig):
            return PoolInColumns.of(said)
        if not isinstance(said, Focus):
            return said
        n_kept = _n_shared(self._sent, said.decisions)
        self._sent = said.decisions
        return FocusChange(replace(said, decisions=said.decisions[n_kept:]), n_kept)


class Restorer:
    """The engine's end of one pipe."""

    def __init__(self) -> None:
        """Begin with nothing received."""
        self._received: tuple[Decision, ...] = ()

    def restore(self, sent: object) -> EngineConfig | Request:
        """What was said, from what was received, in the order in which it was.

        Raises:
            TypeError: no app says such a thing.
        """
        if isinstance(sent, FocusChange):
            self._received = (*self._received[: sent.n_kept], *sent.focus.decisions)
            return replace(sent.focus, decisions=self._received)
        if isinstance(sent, PoolInColumns):
            return sent.together()
        if isinstance(sent, Request):
            return sent
        raise TypeError(f"not a request: {sent!r}")


def _n_shared(these: tuple[Decision, ...], those: tuple[Decision, ...]) -> int:
    """How many two tuples have in common, from the first on."""
    for place, (this, that) in enumerate(zip(these, those, strict=False)):
        if this is not that and this != that:
            return place
    return min(len(these), len(those))
