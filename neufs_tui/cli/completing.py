"""What a shell may complete: files, models, and a pool's labels."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from neufs_tui.errors import NeufsError

FILE = click.Path()
"""A path, which is not looked at before the command is."""


class _Model(click.ParamType[str]):
    """A model: those that come by a short name, those of the hub that are here, or a path."""

    name = "model"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin so, and files."""
        from neufs_tui.model.loading.catalogue import EMBEDDED, cached_hub_ids

        names = [*EMBEDDED, *cached_hub_ids()]
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return [*found, CompletionItem(incomplete, type="file")]


class _LabelName(click.ParamType[str]):
    """One of the labels of the pool that was named before it."""

    name = "label"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The labels that begin so, with their definitions; none where they are not known."""
        from neufs_tui.project.project import last_task
        from neufs_tui.project.request import ProjectRequest

        # behind an option that waits for its value, arguments are not taken in yet
        pool = ctx.params.get("pool") or next(iter(ctx.args), None)
        if pool is None:
            return []
        try:
            task = last_task(ProjectRequest(pool, session=ctx.params.get("session")))
        except NeufsError:  # there is nothing to complete, and nobody to tell
            return []
        labels = task.labels if task is not None else ()
        return [
            CompletionItem(one.name, help=one.definition or None)
            for one in labels
            if one.name.startswith(incomplete)
        ]


MODEL, LABEL_NAME = _Model(), _LabelName()
