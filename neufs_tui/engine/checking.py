"""What the model makes of the check examples, as soon as all of them are read alike."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from neufs_tui.core.check_readings import CheckReading, ChecksRead, digests
from neufs_tui.core.records import DecisionKind, ExampleId
from neufs_tui.engine.protocol import Focus

if TYPE_CHECKING:
    from neufs_tui.core.neurons import Capture


def checks_read(
    focus: Focus,
    names: Sequence[str],
    scanned: Mapping[ExampleId, Capture],
    reread: Mapping[ExampleId, Capture],
    *,
    in_pool: Container[ExampleId],
    n_demonstrations: int,
) -> ChecksRead | None:
    """Put the readings together.

    Args:
        focus: where the annotator is.
        names: of the labels.
        scanned: what the scan has read so far.
        reread: what was read with the present demonstrations.
        in_pool: the pool.
        n_demonstrations: how many these are.

    Returns:
        None while there is none to read, or one is still to be read with the demonstrations.
    """
    marked = [one.example_id for one in focus.decisions if one.check]
    ids = [one for one in marked if one in scanned]
    if not ids or (n_demonstrations and any(one not in reread for one in ids)):
        return None
    *_, behind = digests(focus.decisions, in_pool)
    return ChecksRead(
        behind=behind.hexdigest(),
        n_demonstrations=n_demonstrations,
        n_labels=sum(one.kind is DecisionKind.LABEL for one in focus.decisions),
        names=tuple(names),
        readings=tuple(
            CheckReading(
                one,
                without=_scores(scanned[one]),
                with_labels=_scores(reread[one]) if n_demonstrations else None,
            )
            for one in ids
        ),
    )


def _scores(capture: Capture) -> tuple[float, ...]:
    return tuple(map(float, capture.scores))
