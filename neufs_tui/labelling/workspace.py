"""What is labelled and where the answers are kept: a pool that was read, and the session on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from neufs_tui.core.calibration import SAMPLE
from neufs_tui.core.draws import Draws
from neufs_tui.core.records import Example, ExampleId

if TYPE_CHECKING:
    from neufs_tui.project.project import Project
    from neufs_tui.storage.session import Session


class Workspace:
    """A project with its session open; the only writer of its session file."""

    def __init__(
        self,
        project: Project,
        session: Session,
        *,
        session_name: str | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        """Bind an open session whose pool and settings are up to date.

        Args:
            project: the pool and what was said about it.
            session: the session on it.
            session_name: its file as the user named it; None when it is at its usual place.
            notices: what else is to be known beside what is to be known of the pool.
        """
        self.session = session
        self.examples: Mapping[ExampleId, Example] = {e.id: e for e in project.pool.examples}
        """The pool, in file order."""
        self.n_checks = project.n_checks
        """Check examples wanted, as many as the pool has room for."""
        self.test = project.test
        """The file that serves in their place; None without one."""
        self.draws = Draws(self.examples, project.selection.seed, checks=self.n_checks > 0)
        self.task = project.require_task()
        self.selection = project.selection
        self.model_name = project.model.name
        """The model as it is named."""
        self.adapter = project.model.adapter
        """The adapter that is named beside it."""
        self.pool_name = project.pool.source
        """The pool as the commands take it, such as `pool.jsonl`."""
        self.keys = project.keys
        """What the configuration says of the screen's keys: command → keys."""
        self.guidelines = project.guidelines
        """What the annotator goes by, in Markdown; empty for none."""
        self.session_name = session_name
        self.notices = (*project.notices, *notices)
        """What the annotator should know, such as `3 bad lines skipped`."""

    def held(
        self, decided: Collection[ExampleId], shown: ExampleId | None, n: int
    ) -> tuple[ExampleId, ...]:
        """The next draws for the check set, which nothing else is to choose.

        Args:
            decided: what is passed over; `in` is to be fast.
            shown: the example before the annotator, passed over too.
            n: how many.
        """
        draws = self.draws.next(decided, n + 1) if n > 0 else []
        return tuple(one.example_id for one in draws if one.example_id != shown)[: max(0, n)]

    def needed_first(self, shown: ExampleId | None) -> tuple[ExampleId, ...]:
        """What is scanned first: the example there is, the draws until a strategy can choose, and
        those that answers are calibrated on."""
        draws = self.draws.next((), max(self.selection.choose_from, self.n_checks + SAMPLE))
        first = [shown] if shown in self.examples else []
        ids = dict.fromkeys([*first, *(pick.example_id for pick in draws)])
        return tuple(one for one in ids if one is not None)
