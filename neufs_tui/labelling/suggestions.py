"""A page of suggestions: rows that are likely of one label, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from neufs_tui.core.records import (
    HUNT,
    Answer,
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    ModelIdentity,
    Pick,
    Reason,
)
from neufs_tui.engine.protocol import Suggested
from neufs_tui.labelling.position import Position
from neufs_tui.labelling.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SuggestedPage:
    """What may be accepted at once."""

    label: str
    rows: tuple[tuple[Example, float], ...]
    """Each with the label's probability, the surest first."""
    n_labelled: int
    """Labels that it goes by."""


def page_of(event: Suggested, workspace: Workspace, here: Position) -> SuggestedPage | None:
    """What of the engine's suggestions can be put before the annotator; None for nothing.

    Args:
        event: what it suggests.
        workspace: the pool; what has left it is left out, as are check examples of earlier on.
        here: what holds; what is decided is left out.
    """
    checks = workspace.session.ever_checks
    rows = tuple(
        (workspace.examples[row.example_id], row.probability)
        for row in event.rows
        if row.example_id in workspace.examples and row.example_id not in {*here.decided, *checks}
    )
    if event.label is None or not rows:
        return None
    return SuggestedPage(event.label, rows, here.counts.shots_here)


def decisions_on(
    page: SuggestedPage,
    answers: Mapping[ExampleId, str],
    *,
    n_scanned: int,
    model: ModelIdentity | None,
) -> list[tuple[Decision, Pick]]:
    """What the annotator makes of a page, each decision with why its example was suggested.

    Args:
        page: what was before her.
        answers: example → label, of the rows that are in: the page's label accepts the suggestion,
            another corrects it and is a label like any that was hunted for.
        n_scanned: examples scanned by then.
        model: the model that read them.
    """
    made = []
    for example, probability in page.rows:
        if (name := answers.get(example.id)) is None:
            continue
        is_accepted = name == page.label
        kind = DecisionKind.ACCEPT if is_accepted else DecisionKind.LABEL
        decision = Decision(example.id, kind, Answer(name), hunted=not is_accepted)
        why = Reason(0, 0, 0.0, probability, strategy=HUNT, label=page.label)
        estimate = {page.label: probability}
        pick = Pick(example.id, why, None, {}, n_scanned, page.n_labelled)
        made.append((decision, replace(pick, model=model, estimate=estimate)))
    return made
