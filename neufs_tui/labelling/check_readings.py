"""What is known of the check examples, in this run and from earlier ones, as far as it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from neufs_tui.core.check_readings import ChecksRead, digests
from neufs_tui.core.records import ModelIdentity

if TYPE_CHECKING:
    from neufs_tui.labelling.position import Position
    from neufs_tui.labelling.workspace import Workspace


class CheckReadings:
    """By number of labels, what the engine said with so many, on disk for the next run."""

    def __init__(self, workspace: Workspace) -> None:
        """Begin with what the session has of the model that was loaded last, if it is wanted."""
        self._kept = workspace.session.checks
        self._model = workspace.session.model()
        wanted = workspace.model_name, workspace.adapter
        is_wanted = self._model is None or (self._model.name, self._model.adapter) == wanted
        self._known = self._kept.of(self._model) if is_wanted else {}
        self._digests: tuple[Position | None, Mapping[int, str]] = (None, {})
        """Of the labels that held at a position, by number of labels that are known of."""

    def begin(self, model: ModelIdentity) -> None:
        """A model is loaded: what another has said does not hold for it."""
        if model != self._model:
            self._model, self._known = model, self._kept.of(model)

    def hear(self, read: ChecksRead) -> None:
        """Take in what the engine says, and store what is new in it.

        Raises:
            SessionError: it could not be stored.
        """
        before = self._known.get(read.n_labels)
        if before is None or read.tells_more_than(before):
            self._known[read.n_labels] = read
            self._digests = (None, {})
            self._kept.keep(read, self._model)

    def holding(self, here: Position, workspace: Workspace) -> tuple[ChecksRead, ...]:
        """What was read behind labels that all hold, by their number.

        Args:
            here: what holds.
            workspace: the pool now.
        """
        if self._digests[0] is not here:
            tests = workspace.test.gold if workspace.test is not None else ()
            growing = enumerate(digests(here.decisions, workspace.examples, tests))
            found = {n: digest.hexdigest() for n, digest in growing if n in self._known}
            self._digests = (here, found)
        digest_of = self._digests[1]
        return tuple(
            read for n, read in sorted(self._known.items()) if digest_of.get(n) == read.behind
        )
