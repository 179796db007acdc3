"""`neufs-tui next`: the example to label next, without a screen."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from neufs_tui.cli.options import (
    capture_options,
    capture_settings,
    check_options,
    given_option,
    json_option,
    pool_options,
    project_request,
    selection_options,
    task_options,
)
from neufs_tui.cli.output import say, tell, tell_json


@click.command()
@pool_options
@task_options
@given_option
@selection_options
@check_options
@capture_options
@click.option("--reveal", is_flag=True, help="Tell the model's answer too; that is recorded.")
@json_option
def next(reveal: bool, as_json: bool, **options: Any) -> None:  # noqa: A001 - its name
    """Choose the example of POOL to label next: its id, its text, and why.

    It is the same until `add` or `skip` decides it. What has to be scanned is scanned first: as
    many examples as NeuFS chooses from. Where `scan` or `label` has read the whole pool, no model
    is loaded. What `label` rereads with the labels in the prompt is not read here.

    Exit status 3 says that nothing is left.

    \b
    Examples:
      neufs-tui next pool.jsonl
      neufs-tui next pool.jsonl --json --reveal
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.cli.requests import next_as_json
    from neufs_tui.labelling.startup import open_headless
    from neufs_tui.wording import sentences
    from neufs_tui.wording.reasons import why_shown
    from neufs_tui.wording.status import freshness, scan_parts

    request, capture = project_request(options), capture_settings(options)
    with Narrator() as narrator:
        labelling = open_headless(request, capture, listener=narrator)
        for notice in labelling.loop.workspace.notices:
            narrator.say(notice)
        with closing(labelling):
            shown = labelling.next(reveal=reveal)
    loop = labelling.loop
    if loop.engine.scan is not None:
        fresh = freshness(shown.pick, loop.counts.shots_here) if loop.tells_why else ""
        say(" · ".join(filter(None, [*scan_parts(loop.engine.scan), fresh])))
    if as_json:
        tell_json(next_as_json(labelling, shown, reveal=reveal))
        return
    tell(sentences.place(shown.example, len(loop.workspace.examples)))
    tell(shown.example.text)
    tell(why_shown(loop))
    if reveal and shown.pick is not None and shown.pick.answer is not None:
        tell(sentences.model_says(shown.pick, loop.workspace.task.label_names))
