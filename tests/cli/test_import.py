"""`import`: labels of other files, in the forms that other tools write, and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran
from tests.pools import write_rows
from tests.tiny import CORPUS

Run = Callable[..., Ran]
LABELS = ("--label", "yes", "--label", "no")


def text(number: int) -> str:
    """Of a row of the pool."""
    return f"Variation {number}. {CORPUS[number % 4]}"


def theirs(folder: Path, *rows: dict[str, Any]) -> Path:
    return write_rows(folder / "theirs.jsonl", rows)


PRODIGY = [
    {"text": text(0), "label": "yes", "answer": "accept", "_task_hash": 1},
    {"text": text(1), "label": "yes", "answer": "reject", "_task_hash": 2},
    {"text": text(2), "options": [{"id": "yes", "text": "Yes!"}, {"id": "no", "text": "No."}],
     "accept": ["no"], "answer": "accept"},
    {"text": text(3), "options": [{"id": "yes"}], "accept": [], "answer": "ignore"},
]  # fmt: skip
DOCCANO = [
    {"id": 40, "text": text(0), "label": ["yes"], "Comments": []},
    {"id": 41, "text": text(1), "label": []},
    {"id": 42, "text": text(2), "label": ["no"]},
    {"id": 43, "text": text(3), "label": ["yes", "no"]},
]


@pytest.mark.parametrize("rows", [PRODIGY, DOCCANO], ids=["prodigy", "doccano"])
def test_what_other_tools_write_is_taken_at_once_and_counted_apart(
    rows: list[dict[str, Any]], run: Run, pool: Path, tmp_path: Path
) -> None:
    ran = run("import", pool, theirs(tmp_path, *rows), *LABELS)
    assert ran.status == 0
    assert ran.out.startswith("2 labels taken from theirs.jsonl: yes 1, no 1 — `undo` takes them")
    stats = run("stats", pool, "--json").json
    assert (stats["labelled"], stats["given"], stats["agreement"]) == (2, 2, None)
    assert "given      2 of them, elsewhere" in run("stats", pool).out
    listed = run("list", pool, "given", "--json").json
    assert [(one["id"], one["label"], one["given"], one["seconds"]) for one in listed] == [
        ("r2", "no", "theirs.jsonl", None),
        ("r0", "yes", "theirs.jsonl", None),
    ]
    shown = run("show", pool, "r2")
    assert "label: no · given by theirs.jsonl" in shown.out
    known = run("show", pool, "r2", "--json").json
    assert (known["given"], known["shown"], known["why"]) == ("theirs.jsonl", False, None)
    history = run("history", pool, "--json").json
    assert [(one["kind"], one["given"], one["page"]) for one in history] == [
        ("label", "theirs.jsonl", 1)
    ] * 2
    table = run("history", pool).out
    assert "theirs.jsonl" in table and "not shown" not in table
    undone = run("undo", pool)
    assert undone.out == "undone: 2 labels given by theirs.jsonl — `redo` redoes\n"
    assert run("redo", pool, "--json").json["given"] == "theirs.jsonl"
    assert run("stats", pool, "--json").json["given"] == 2


def test_an_export_of_this_program_comes_back(run: Run, pool: Path, tmp_path: Path) -> None:
    for number, label in ((5, "yes"), (3, "no"), (9, "yes")):
        run("add", pool, f"r{number}", label, *LABELS)
    exports = {}
    for form in ("jsonl", "csv"):
        path = tmp_path / f"out.{form}"
        assert run("export", pool, "--format", form, "-o", path).status == 0
        session = ("--session", tmp_path / f"{form}.db")
        ran = run("import", pool, path, *session)
        assert "2 labels from 'out." in ran.err  # nobody has said what they are
        exports[form] = run("export", pool, *session).out
    assert exports["jsonl"] == exports["csv"] == run("export", pool).out
    manifest = tmp_path / "again.jsonl"
    run("export", pool, "-o", manifest, *session)
    told = json.loads((tmp_path / "again.jsonl.manifest.json").read_text())
    assert (told["given"], told["examples"][0]["given"]) == (3, "out.csv")


def test_what_is_not_taken_is_listed_and_json_has_all_of_it(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    run("add", pool, "r0", "yes", *LABELS)
    run("skip", pool, "r1")
    file = theirs(
        tmp_path,
        {"text": text(0), "label": "no"},
        {"text": text(1), "label": "no"},
        {"text": text(2), "label": "no"},
        {"text": text(2), "label": "yes"},
        {"id": "r3", "text": "Something else.", "label": "no"},
        {"id": "r5", "text": text(4), "label": "no"},
        *({"text": f"Elsewhere {n}.", "label": "yes"} for n in range(13)),
    )
    ran = run("import", pool, file)
    assert ran.status == 0
    assert ran.out.replace(text(2), "TEXT").splitlines()[:8] == [
        "1 label taken from theirs.jsonl: no 1 — `undo` takes it back",
        "2 are decided otherwise, which stands:",
        "  #1 no there, yours is yes",
        "  #2 no there, skipped",
        "1 text has several labels there, and none of them was taken:",
        "  r2 · no, yes · TEXT",
        "1 row has the id of an example of the pool, but another text:",
        "  r3 · no · Something else.",
    ]
    assert "13 rows have a text that is not in the pool:\n  yes · Elsewhere 0.\n" in ran.out
    assert "Elsewhere 9." in ran.out and "Elsewhere 10." not in ran.out
    assert "  and 3 more\n1 row went by the text: the id is that of another" in ran.out
    told = run("import", pool, file, "--json").json
    assert (told["taken"], told["same"], told["other_id"], told["rows"]) == (0, 1, 1, 19)
    assert len(told["unmatched"]) == 13 and told["unmatched"][12]["text"] == "Elsewhere 12."
    assert [(one["id"], one["decided"], one["label"]) for one in told["differing"]] == [
        ("r0", "yes", "no"),
        ("r1", None, "no"),
    ]
    assert [one["labels"] for one in told["contradicting"]] == [["no", "yes"]]
    assert [one["id"] for one in told["other_text"]] == ["r3"]


def test_field_text_and_encoding_are_the_files(run: Run, tmp_path: Path) -> None:
    pool = write_rows(tmp_path / "pool.jsonl", [{"body": "café"}, {"body": "thé"}])
    table = tmp_path / "table.csv"
    table.write_bytes("words;topic\ncafé;warm\nthé;cold\n;cold\n".encode("cp1252"))
    asked = ("--text-field", "words", "--label-field", "topic", "--encoding", "cp1252")
    of_pool = ("--pool-text-field", "body", "--pool-encoding", "utf-8")
    bad = run("import", pool, table, *asked, *of_pool)
    assert bad.status == 2 and "1 bad line" in bad.err
    assert not pool.with_name("pool.neufs.db").exists()
    ran = run("import", pool, table, *asked, *of_pool, "--skip-bad-lines")
    assert ran.status == 0 and "cold 1" in ran.out and "warm 1" in ran.out
    assert "table.csv: 1 bad line skipped (4)" in ran.err
    again = run("import", pool, table, *asked, "--skip-bad-lines")  # the session remembers
    assert again.out == "nothing to import from table.csv\n2 have that label already\n"


@pytest.mark.parametrize(
    ("rows", "arguments", "status", "words"),
    [
        ([{"text": text(1), "topic": "x"}], LABELS, 2, "no row of "),
        ([{"text": text(1), "label": "maybe"}], LABELS, 2, "that the task has not: 'maybe' (1)"),
        ([{"text": text(1), "label": "yes"}], (), 2, "there is only one label, 'yes'"),
        ([{"text": "Nowhere.", "label": "yes"}], LABELS, 1, ""),
        ([{"text": text(1), "label": "yes"}], ("--text-field", "x"), 2, "no field 'x'"),
    ],
)
def test_what_cannot_be_taken_makes_no_session(
    rows: list[dict[str, Any]],
    arguments: tuple[str, ...],
    status: int,
    words: str,
    run: Run,
    pool: Path,
    tmp_path: Path,
) -> None:
    ran = run("import", pool, theirs(tmp_path, *rows), *arguments)
    assert ran.status == status and words in ran.err
    assert not pool.with_name("pool.neufs.db").exists()
    if status == 1:
        assert ran.out.startswith("nothing to import from theirs.jsonl\n1 row has a text")


def test_given_takes_the_pools_own_labels_and_says_so(run: Run, pool: Path) -> None:
    ran = run("next", pool, "--given", "label")
    assert "24 labels taken from 'label', which one undo takes back" in ran.err
    assert ran.status == 3  # every example has one
    run("undo", pool)
    again = run("label", pool, "--given", "label")
    assert again.status == 2 and "needs a terminal" in again.err
    assert run("stats", pool, "--json").json["given"] == 0
