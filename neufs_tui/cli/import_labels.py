"""`neufs-tui import`: labels that were given elsewhere enter the session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.completing import FILE
from neufs_tui.cli.options import json_option, labels_options, project_request, session_options
from neufs_tui.cli.output import say, tell, tell_json

if TYPE_CHECKING:
    from neufs_tui.core.records import Example
    from neufs_tui.storage.given_labels import GivenLabels, Matched

_NOTHING_MATCHED = 1
"""Exit status where no label of the file is of an example of the pool."""


@click.command(name="import")
@session_options
@labels_options
@click.argument("file", type=FILE)
@click.option(
    "--label-field",
    metavar="FIELD",
    help="Field of FILE that holds the label.  [default: found out, else label]",
)
@click.option("--text-field", metavar="FIELD", help="Field of FILE that holds the text.")
@click.option("--encoding", metavar="NAME", help="Encoding of FILE, such as cp1252.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on without the lines that cannot be read.")
@click.option(
    "--pool-text-field",
    metavar="FIELD",
    help="Field of POOL that holds the text.  [default: as the last time]",
)
@click.option(
    "--pool-encoding", metavar="NAME", help="Encoding of POOL.  [default: as the last time]"
)
@json_option
def import_labels(
    file: str,
    label_field: str | None,
    text_field: str | None,
    encoding: str | None,
    pool_text_field: str | None,
    pool_encoding: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Take the labels of FILE into the session of POOL, where nothing is decided.

    FILE is an export of this program or of another: JSONL, .json or .csv with the text under
    `input` or `text` and the label under `label`, or what Prodigy, doccano and Label Studio write:
    of those only what was accepted, with one label. A row is of the example with its text. The
    options of a text's field and encoding are FILE's.

    They are labels like your own, marked as given by FILE: `list POOL given` lists them, one `undo`
    takes all of them back. What you have decided stays as it is. What is not taken is told; --json
    tells all of it. Exit status 1 says that no row is of an example of POOL.

    \b
    Examples:
      neufs-tui import pool.jsonl colleague.jsonl
      neufs-tui import pool.jsonl table.csv --text-field body --label-field topic
      neufs-tui import pool.jsonl prodigy.jsonl --label Question --label Complaint --json
    """
    from neufs_tui.labelling.importing import import_given
    from neufs_tui.storage.given_labels import given_labels
    from neufs_tui.storage.pool import read_pool
    from neufs_tui.storage.pool_lines import source_name
    from neufs_tui.wording import given as wording

    skips = options["skip_bad_lines"]
    read = read_pool(file, text_field=text_field, encoding=encoding, skip_bad_lines=skips)
    given = given_labels(read, Path(source_name(file)).name, label_field)
    of_pool = {"text_field": pool_text_field, "encoding": pool_encoding}
    request = replace(project_request(options | of_pool), labels_else=given.labels())
    found, notices = import_given(request, given)
    notices = (*(f"{given.name}: {one}" for one in read.notices), *notices)
    for notice in notices:
        say(notice)
    if as_json:
        tell_json(_as_json(given, found) | {"notices": list(notices)})
    else:
        tell(wording.taken(found, undo="`undo`"))
        for line in wording.others(found):
            tell(line)
    if not (found.taken or found.n_same or found.differing):
        click.get_current_context().exit(_NOTHING_MATCHED)


def _as_json(given: GivenLabels, found: Matched) -> dict[str, Any]:
    labels = [one.text for one in found.taken.values()]
    return {
        "given": found.name,
        "rows": given.n_rows,
        "taken": len(found.taken),
        "by_label": {name: labels.count(name) for name in dict.fromkeys(labels)},
        "same": found.n_same,
        "differing": [
            _named(example)
            | {
                "label": label,
                "decided": decision.answer.text if decision.answer else None,
                "given": decision.given or None,
            }
            for example, label, decision in found.differing
        ],
        "contradicting": [
            _named(example) | {"labels": list(names)} for example, names in found.contradicting
        ],
        "other_text": [_named(row.example) | {"label": row.label} for row in found.strangers],
        "unmatched": [_named(row.example) | {"label": row.label} for row in found.unmatched],
        "other_id": found.n_other_id,
        "near": found.n_near,
        "without_label": dict(given.without),
    }


def _named(example: Example) -> dict[str, Any]:
    return {"id": example.source_id, "hash": example.id, "text": example.text}
