"""What is to be exported, how it will look, and the command that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neufs_tui.core.records import Example
from neufs_tui.export.few_shot_set import BALANCED, SELECTION, FewShotSet, few_shot_set, tool_name
from neufs_tui.export.format import Needs
from neufs_tui.export.registry import FORMATS, render
from neufs_tui.storage.paths import default_session_path

if TYPE_CHECKING:
    from neufs_tui.labelling.workspace import Workspace

BEST = "best"
"""The order that does best on labels held out, which the model finds out."""
ORDERS = (SELECTION, BALANCED, BEST)
_SHOWN_TEXTS = 20
"""Texts asked about in a preview; the file has all."""


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """A format of the set, and how it is to be written."""

    format_name: str
    path: str
    """File or folder."""
    k: int | None = None
    """How many; None for all."""
    order: str = SELECTION
    is_checked: bool = True
    """What was written is read again and compared."""
    force: bool = False
    """What is there is replaced."""

    def arguments(self, pool: str, session: str | None = None) -> list[str]:
        """Of the command `neufs-tui` that does it.

        Args:
            pool: as it is named.
            session: its file as it is named; None where it is at its usual place.
        """
        of_session = ["--session", session] if session is not None else []
        k = ["-k", str(self.k)] if self.k is not None else []
        order = ["--order", self.order] if self.order != SELECTION else []
        check, force = ["--check"] * self.is_checked, ["--force"] * self.force
        where = ["export", pool, *of_session, "--format", self.format_name]
        return [*where, *k, *order, *check, *force, "-o", self.path]


def usual_path(pool: str, format_name: str) -> str:
    """Where a format goes unless another place is named: beside the pool, as its session does.

    >>> usual_path("data/pool.jsonl", "chat"), usual_path("data/pool.jsonl", "hf")
    ('data/pool.few_shot.json', 'data/pool.hf')
    """
    session = default_session_path(pool)
    name = f"{session.name.removesuffix('.neufs.db')}.{FORMATS[format_name].path}"
    return str(session.with_name(name))


def preview(workspace: Workspace, choice: ExportChoice) -> str:
    """What the export will look like; files of a folder one below the other.

    Args:
        workspace: the pool and the session on it.
        choice: what is to be exported; the order `best` is shown as `selection`.

    Raises:
        ExportError: it cannot be written so; the message says why.
    """
    form = FORMATS[choice.format_name]
    if form.needs is Needs.TEMPLATE:
        return "written with the model's chat template: it can be read here once it is written"
    session = workspace.session
    order = SELECTION if choice.order == BEST else choice.order
    shots = few_shot_set(session.decided(), choice.k, order)
    few_shot = FewShotSet(
        workspace.task,
        shots,
        tool_name(workspace.pool_name),
        model=workspace.model_name,
        tests=_tests(workspace),
        texts=_texts(workspace) if form.needs is Needs.TEXTS else (),
    )
    files = render(choice.format_name, few_shot)
    if not form.is_folder:
        return files[form.path]
    return "\n".join(f"── {name}\n{content}" for name, content in files.items())


def _tests(workspace: Workspace) -> list[tuple[Example, str]]:
    if workspace.test is not None:
        return [(one, workspace.test.gold[one.id]) for one in workspace.test.texts]
    return [(one.example, one.answer.text) for one in workspace.session.checked()]


def _texts(workspace: Workspace) -> Sequence[Example]:
    decided = {one.example_id for one in workspace.session.decisions()}
    left = [one for one in workspace.examples.values() if one.id not in decided]
    return left[:_SHOWN_TEXTS]
