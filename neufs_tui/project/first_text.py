"""The first text of a start: what the session says was shown, else a random draw from the pool."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from neufs_tui.core.draws import drawn
from neufs_tui.core.records import Example, Pick, Task
from neufs_tui.project.config import load_config
from neufs_tui.project.request import ProjectRequest
from neufs_tui.project.said import LastSession, overrides_of, session_path
from neufs_tui.storage.pool_draw import draw_example
from neufs_tui.storage.pool_lines import ReadingRule
from neufs_tui.storage.session_glimpse import glimpse_session


@dataclass(frozen=True, slots=True)
class FirstText:
    """What can be shown before the pool is read."""

    example: Example
    """Its row is not known yet."""
    pick: Pick | None
    """Why it is shown."""
    task: Task | None
    """As far as it is known by now; None when nobody has said what the labels are."""
    n_labels: int
    """Labels of the few-shot set that hold."""
    tells_why: bool = True
    """Whether it is said why it came, which it is not while check examples come."""


def first_text(request: ProjectRequest, *, stdin: BinaryIO | None = None) -> FirstText | None:
    """Find a text to show at once; None when there is none without reading the whole pool.

    Args:
        request: the pool, and what was said about it.
        stdin: what `-` reads, which is left at its beginning.

    Raises:
        UsageError: a setting is wrong.
    """
    known = glimpse_session(session_path(request))
    remembered = LastSession(known.settings, known.pool).remembered
    config = load_config(request.source, overrides_of(request), remembered=remembered)
    is_checking = known.n_checked < config.selection.check
    is_its_pool = known.pool is not None and known.pool.name == Path(request.source).name
    if known.shown is not None and is_its_pool:
        return FirstText(
            known.shown, known.pick, config.task, known.n_labels, tells_why=not is_checking
        )
    if request.source == "-" and stdin is None:
        return None
    last_encoding = known.pool.encoding if known.pool is not None else None
    rule = ReadingRule(config.text_field, config.encoding, last_encoding)
    seed = config.selection.seed
    example = draw_example(
        request.source,
        rule,
        stdin=stdin,
        seed=seed + known.revision,  # another draw at each length of the journal
        decided=known.decided,
        check=is_checking,
    )
    if example is None:
        return None
    pick = drawn(example.id, seed, check=is_checking)
    return FirstText(example, pick, config.task, known.n_labels, tells_why=not is_checking)
