"""`neufs-tui stats`: how far a session is, and how often the model would have said the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.options import json_option, project_request, session_options
from neufs_tui.cli.output import say, tell, tell_json
from neufs_tui.core.text import one_line

if TYPE_CHECKING:
    from neufs_tui.core.counts import Counts
    from neufs_tui.statistics.agreement import Agreement
    from neufs_tui.statistics.standing import Standing


@click.command()
@session_options
@json_option
def stats(as_json: bool, **options: Any) -> None:
    """Count what is labelled, accepted, skipped and left in the session of POOL.

    Agreement is the model's own answer, given before the annotator's, against her label. The set
    is all that is labelled: which of the task's labels have no example or one, and whether the
    model was more often right with labels in its prompt than without, on the examples chosen.

    \b
    Examples:
      neufs-tui stats pool.jsonl
      neufs-tui stats pool.jsonl --json
    """
    from neufs_tui.project.project import task_by_now
    from neufs_tui.project.said import session_path
    from neufs_tui.statistics.agreement import agreement, self_agreement
    from neufs_tui.statistics.standing import standing
    from neufs_tui.storage.session import Session

    request = project_request(options)
    with Session.open(session_path(request), write=False) as session:
        task = task_by_now(request, session)
        names = task.label_names if task else ()
        counts, labelled = session.counts(names), session.decided()
        agreed, stands = agreement(labelled), standing(labelled, names, {})
        herself = self_agreement(session.repeats())
        notices = [notice for notice in (session.missing, session.leftover) if notice]
    for notice in notices:
        say(notice)
    if as_json:
        tell_json(_as_json(counts, agreed, herself, stands) | {"notices": notices})
    else:
        _print_lines(counts, agreed, herself, stands)


def _as_json(
    counts: Counts, agreement: Agreement, herself: Agreement, stands: Standing
) -> dict[str, Any]:
    from neufs_tui.wording.standing import finish

    return {
        "labelled": counts.n_labels,
        "checked": counts.checked + counts.checked_elsewhere,
        "hunted": counts.hunted,
        "given": counts.given,
        "flagged": counts.flagged + counts.flagged_elsewhere,
        "accepted": counts.accepted + counts.accepted_elsewhere,
        "skipped": counts.skipped + counts.skips_elsewhere,
        "remaining": counts.left,
        "by_label": dict(counts.by_label),
        "agreement": agreement.share,
        "agreeing": agreement.agreeing,
        "compared": agreement.compared,
        "looked": agreement.looked,
        "self_agreement": {
            "share": herself.share,
            "interval": herself.interval if herself.compared else None,
            "agreeing": herself.agreeing,
            "compared": herself.compared,
        },
        "set": finish(stands),
        "paired": {
            "compared": stands.paired.compared,
            "with_labels": stands.paired.with_labels,
            "without_labels": stands.paired.without_labels,
            "gained": stands.paired.gained,
            "lost": stands.paired.lost,
        },
        "removed": counts.elsewhere,
    }


def _print_lines(
    counts: Counts, agreement: Agreement, herself: Agreement, stands: Standing
) -> None:
    from neufs_tui.wording.learning_curve import self_agreement
    from neufs_tui.wording.standing import finish

    tell(f"labelled   {counts.n_labels:,}")
    for name, n_labels in counts.by_label.items():
        tell(f"  {n_labels:6,}  {one_line(name)}")
    if counts.hunted:
        tell(f"hunted     {counts.hunted:,} of them, looked for by their likely label")
    if counts.given:
        tell(f"given      {counts.given:,} of them, elsewhere")
    if n_flagged := counts.flagged + counts.flagged_elsewhere:
        tell(f"flagged    {n_flagged:,} more, in no prompt or export meanwhile")
    if n_accepted := counts.accepted + counts.accepted_elsewhere:
        tell(f"accepted   {n_accepted:,}, suggestions taken as they were, which are no labels")
    if n_checked := counts.checked + counts.checked_elsewhere:
        tell(f"checked    {n_checked:,}, more labels that measure and are no demonstrations")
    tell(f"skipped    {counts.skipped + counts.skips_elsewhere:,}")
    tell(f"remaining  {counts.left:,}")
    if counts.elsewhere:
        tell(f"decided on rows no longer in the pool: {counts.elsewhere:,}")
    if agreement.share is not None:
        tell(
            f"agreement  {agreement.agreeing:,} of {agreement.compared:,} ({agreement.share:.0%}), "
            "the model's own answer against the label"
        )
    else:
        tell("agreement  not known: no label was given with the model at work")
    if agreement.looked:
        looked = f"{agreement.looked:,} given after a look at the model's answer"
        tell(f"           not counted: {looked}")
    if said := self_agreement(herself):
        tell(f"yourself   {said}")
    if counts.n_labels:
        tell(f"set        {finish(stands)}")
