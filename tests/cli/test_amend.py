"""The list, changes in place, flags, notes and offers by commands and by `serve`'s requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neufs_tui.cli.requests import answer
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import NothingLeft, UsageError
from neufs_tui.labelling.headless import HeadlessLabelling
from neufs_tui.labelling.startup import open_headless
from neufs_tui.project.request import ProjectRequest
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
LABELS = ("--label", "yes", "--label", "no")


@pytest.fixture
def labelled(run: Run, pool: Path) -> Path:
    """r1 yes, r2 no, r3 yes, r4 skipped."""
    for example, name in (("r1", "yes"), ("r2", "no"), ("r3", "yes")):
        assert run("add", pool, example, name, *LABELS).status == 0
    run("skip", pool, "r4")
    return pool


def ids(run: Run, pool: Path, *filters: str) -> list[str]:
    return [row["id"] for row in run("list", pool, "--json", "--", *filters).json]


def test_a_change_keeps_the_place_and_is_undone(run: Run, labelled: Path, tmp_path: Path) -> None:
    made = run("change", labelled, "r1", "no")
    assert made.out.startswith("1 answer changed to no — `undo` undoes")
    assert ids(run, labelled, "label:no") == ["r2", "r1"]
    run("export", labelled, "-o", tmp_path / "set.jsonl")
    order = [json.loads(line)["id"] for line in (tmp_path / "set.jsonl").read_text().splitlines()]
    assert order == ["r1", "r2", "r3"]
    assert "1 was so already" in run("change", labelled, "r1", "no").out
    assert run("undo", labelled).out.startswith("undone: no on #2")
    assert ids(run, labelled, "label:yes") == ["r3", "r1"]


def test_a_flag_keeps_a_label_out_of_the_export(run: Run, labelled: Path, tmp_path: Path) -> None:
    assert "out of prompts and exports" in run("flag", labelled, "r2").out
    run("export", labelled, "-o", tmp_path / "set.jsonl")
    assert '"r2"' not in (tmp_path / "set.jsonl").read_text()
    stats = run("stats", labelled, "--json").json
    assert (stats["labelled"], stats["flagged"]) == (2, 1)
    assert "flagged    1 more," in run("stats", labelled).out
    assert run("show", labelled, "r2", "--json").json["flagged"]
    assert "no longer flagged" in run("flag", labelled, "r2").out
    assert run("stats", labelled, "--json").json["labelled"] == 3


def test_notes_and_offers_are_in_the_history(run: Run, labelled: Path) -> None:
    run("note", labelled, "r3", " odd ")
    assert ids(run, labelled, "note") == ["r3"]
    offered = run("offer", labelled)
    assert offered.out.startswith("1 skipped example offered again")
    assert ids(run, labelled, "skipped") == []
    assert run("offer", labelled).status == 3
    note, offer = run("history", labelled, "--json").json[-2:]
    assert (note["kind"], note["note"], offer["kind"]) == ("note", "odd", "offer")
    assert "odd" in run("history", labelled).out
    run("undo", labelled)
    assert ids(run, labelled, "skipped") == ["r4"]


def test_the_list_has_what_is_decided_first_and_filters(run: Run, labelled: Path) -> None:
    rows = run("list", labelled, "--json").json
    assert [row["id"] for row in rows[:5]] == ["r4", "r3", "r2", "r1", "r0"]
    assert len(rows) == 24
    assert ids(run, labelled, "-skipped", "labelled", "variation") == ["r3", "r2", "r1"]
    assert ids(run, labelled, '"variation 7."') == ["r7"]
    shown = run("list", labelled, "label:yes")
    first, second = (line.split() for line in shown.out.splitlines()[1:])
    assert (first[:3], second[:3]) == (["#4", "yes", "Variation"], ["#2", "yes", "Variation"])
    assert shown.err.strip().endswith("2 of 24")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("change", "r9", "yes"), "'r9' is not decided"),
        (("change", "r1", "perhaps"), "there is no label 'perhaps'"),
        (("flag", "r99"), "there is no example 'r99'"),
        (("note", "r99", "x"), "there is no example 'r99'"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    arguments: tuple[str, ...], words: str, run: Run, labelled: Path
) -> None:
    command, *rest = arguments
    ran = run(command, labelled, *rest)
    assert ran.status == 2 and words in ran.err
    assert len(run("history", labelled, "--json").json) == 4


@contextmanager
def opened(pool: Path) -> Iterator[HeadlessLabelling]:
    labelling = open_headless(ProjectRequest(str(pool)), CaptureSettings())
    try:
        yield labelling
    finally:
        labelling.close()


def test_serve_answers_the_same_requests(labelled: Path) -> None:
    with opened(labelled) as labelling:
        changed = answer(labelling, {"do": "change", "id": "r2", "label": "yes"})
        assert (changed["kind"], changed["label"], changed["by_label"]) == (
            *("label", "yes"),
            {"yes": 3, "no": 0},
        )
        assert answer(labelling, {"do": "flag", "id": "r1"})["kind"] == "flag"
        assert answer(labelling, {"do": "note", "id": "r1", "note": "odd"})["note"] == "odd"
        (row,) = answer(labelling, {"do": "list", "filters": "flag"})["examples"]
        assert (row["id"], row["note"], row["flagged"]) == ("r1", "odd", True)
        assert answer(labelling, {"do": "offer"})["decisions"] == 1
        with pytest.raises(NothingLeft):
            answer(labelling, {"do": "offer"})
        with pytest.raises(UsageError):
            answer(labelling, {"do": "flag", "id": "r1", "more": 1})
        kinds = [answer(labelling, {"do": "undo"})["kind"] for _ in range(4)]
        assert kinds == ["offer", "note", "flag", "label"]
