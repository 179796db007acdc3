"""What to show next while the annotator is faster than the engine."""

from __future__ import annotations

from neufs_tui.core.records import DecisionKind, ExampleId, Pick
from neufs_tui.engine.protocol import Ranked


class LookAhead:
    """What the engine wants next by the newest decision that it knows of.

    A ranking says what follows either decision on the example that was shown. It may come when
    that and more is decided; then it is still the newest there is.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.picks: tuple[Pick, ...] = ()
        """Best first; some of them may be decided by now."""
        self._made: dict[tuple[int, ExampleId], DecisionKind] = {}
        """What was decided, by the journal's length before it and the example."""

    def decide(
        self, kind: DecisionKind, revision: int, shown: ExampleId, ranked: Ranked | None
    ) -> None:
        """The annotator decides on the example shown.

        Args:
            kind: label or skip.
            revision: the journal's length before the decision.
            shown: the example.
            ranked: the newest ranking.
        """
        self._made[revision, shown] = kind
        if ranked is not None:
            self.hear(ranked)

    def hear(self, ranked: Ranked) -> None:
        """Take in the newest ranking."""
        if ranked.shown is None:
            return
        kind = self._made.get((ranked.revision, ranked.shown))
        if kind is None:
            return
        first, further = ranked.after_skip, ranked.further_after_skip
        if kind is DecisionKind.LABEL:
            first, further = ranked.after_label, ranked.further_after_label
        self.picks = (first, *further) if first is not None else ()
        self._made = {at: made for at, made in self._made.items() if at[0] >= ranked.revision}

    def turn_back(self) -> None:
        """The annotator undid or redid: what was made of decisions since holds no longer."""
        self.picks = ()
        self._made.clear()
