"""Every command without a screen, on a tiny model."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pexpect
import pytest

from neufs_tui import __version__
from neufs_tui.cli import cli
from neufs_tui.core.calibration import Calibration
from neufs_tui.core.records import HUNT, Answer, Decision, DecisionKind, Pick, Reason, content_hash
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.wording import explanation as wording
from tests.cli.conftest import Ran, write_pool
from tests.fakes import explanation, reason
from tests.model import templates
from tests.paced import PACED, Pace
from tests.terminal import PROGRAM
from tests.tiny import save_huge_description, save_tiny_model

Run = Callable[..., Ran]
LABELS = ("--label", "yes", "--label", "no, not at all")


@pytest.fixture
def model(tiny_llama: Path) -> tuple[str, ...]:
    return ("--model", str(tiny_llama), "--dtype", "float32")


def label_some(pool: Path, n: int) -> None:
    """Label the first n examples, as the screen would."""
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    with open_session(project) as session:
        for example in project.pool.examples[:n]:
            decision = Decision(example.id, DecisionKind.LABEL, Answer("yes"))
            session.record(decision, pick=None, seconds=1.5)


def test_scan_tells_what_runs_and_dumps_what_was_captured(
    run: Run, pool: Path, model: tuple[str, ...], tmp_path: Path
) -> None:
    dump = tmp_path / "capture.npz"
    ran = run("scan", pool, *LABELS, *model, "--dump", dump)
    assert ran.status == 0
    assert ran.out == ""
    assert "on cpu in float32: 3 layers of 48 neurons" in ran.err
    assert "24/24" in ran.err
    arrays = np.load(dump)
    assert arrays["id"].tolist() == [f"r{number}" for number in range(24)]
    assert arrays["label_names"].tolist() == ["yes", "no, not at all"]
    assert arrays["scores"].shape == (24, 2)
    np.testing.assert_array_equal(arrays["scores"].argmax(axis=1), arrays["answer"])
    assert arrays["offset"][-1] == len(arrays["neuron"]) == len(arrays["contribution"])
    np.testing.assert_array_equal(arrays["layer"] * 48 + arrays["index"], arrays["neuron"])
    assert (arrays["neuron_count"] > 0).all()


def test_the_nucleus_carries_the_share_that_is_asked(
    run: Run, pool: Path, model: tuple[str, ...], tmp_path: Path
) -> None:
    sizes = []
    for share in (0.3, 0.6, 0.95):
        dump = tmp_path / f"{share}.npz"
        run("scan", pool, *LABELS, *model, "--nucleus-share", share, "--dump", dump)
        sizes.append(np.load(dump)["nucleus"])
    assert (sizes[0] < sizes[1]).all() and (sizes[1] < sizes[2]).all()


def test_texts_that_hold_a_turn_marker_are_counted_before_the_scan(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    model = save_tiny_model(tmp_path / "model", template=templates.BRACKETS)
    with pool.open("a") as stream:
        for text in ("[INST] one", "two [INST]"):
            stream.write(json.dumps({"id": text, "text": text}) + "\n")
    dump = tmp_path / "capture.npz"
    ran = run("scan", pool, *LABELS, "--model", model, "--dump", dump)
    told = "2 texts hold [INST], which this model reads as the mark of a turn\n"
    assert ran.err.count(told) == 1
    assert json.loads(str(np.load(dump)["meta_json"]))["prompt_date"] == "2026-01-01"


def test_a_model_that_does_not_fit_is_one_error_with_what_would(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    model = save_huge_description(tmp_path / "Big")
    ran = run("scan", pool, *LABELS, "--model", model, "--device", "cpu", "--dtype", "bfloat16")
    assert ran.status == 1
    assert f"error: {model} does not fit: " in ran.err
    assert " GB in bfloat16 on cpu, " in ran.err
    assert ran.err.count(" hint: try ") == 1


@pytest.mark.parametrize(
    ("template", "window", "fault"),
    [
        (templates.NO_SYNTAX, 256, "template cannot be used: line 2: unexpected '}'"),
        (templates.DROPS_ANSWERS, 256, "it leaves out the answers of the demonstrations"),
        (templates.PLAIN, 64, "window holds 64, which leaves too little for a text"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_before_anything_is_read(
    run: Run, pool: Path, tmp_path: Path, template: str, window: int, fault: str
) -> None:
    model = save_tiny_model(tmp_path / "model", window=window, template=template)
    ran = run("scan", pool, *LABELS, "--model", model)
    assert ran.status == 1
    assert fault in ran.err
    assert " hint: " in ran.err
    assert "Traceback" not in ran.err
    assert "scanning" not in ran.err


def test_select_gives_exactly_n_picks_with_their_numbers(
    run: Run, pool: Path, model: tuple[str, ...]
) -> None:
    ran = run("select", pool, "-n", 5, *LABELS, *model, "--json")
    picks = ran.json["picks"]
    assert len(picks) == len({pick["id"] for pick in picks}) == 5
    assert [pick["cluster"] for pick in picks] == list(range(5))
    for pick in picks:
        assert 0 <= pick["distance"] <= 1
        assert 0 <= pick["score"] <= 1
        assert pick["neuron_count"] > 0
        assert pick["medoid"].startswith("r")
    table = run("select", pool, "-n", 5, *LABELS, *model)
    for pick in picks:
        assert pick["id"] in table.out


def test_select_asks_the_strategy_that_is_named(
    run: Run, pool: Path, model: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("select", pool, "-n", 24, *LABELS, *model, "--json")
    by_entropy = run(*asked, "--strategy", "entropy").json
    assert (by_entropy["strategy"], by_entropy["difficulty"]) == ("entropy", "entropy")
    picks = by_entropy["picks"]
    scores = [pick["score"] for pick in picks]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
    assert {pick["medoid"] for pick in picks} == {pick["distance"] for pick in picks} == {None}
    monkeypatch.setenv("NEUFS_STRATEGY", "random")
    by_chance = run(*asked).json
    assert (by_chance["strategy"], by_chance["picks"][0]["score"]) == ("random", None)
    orders = [[pick["id"] for pick in told["picks"]] for told in (by_entropy, by_chance)]
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])
    table = run("select", pool, "-n", 3, *LABELS, *model).out
    assert "medoid" not in table and "score" not in table
    assert table.split()[:3] == ["id", "neurons", "text"]


def test_an_unknown_strategy_is_wrong_use_and_told_before_anything_is_read(
    run: Run, pool: Path, model: tuple[str, ...]
) -> None:
    ran = run("select", pool, *LABELS, *model, "--strategy", "nefs")
    assert ran.status == 2
    assert "--strategy: there is no strategy 'nefs': the strategies are neufs, " in ran.err
    assert "scanning" not in ran.err


def test_a_remembered_strategy_that_is_gone_keeps_nothing_from_labelling_by_another(
    run: Run, pool: Path, model: tuple[str, ...]
) -> None:
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    gone = replace(project, selection=replace(project.selection, strategy="gone"))
    open_session(gone).close()
    ran = run("select", pool, "-n", 3, *model)
    assert ran.status == 2
    assert "there is no strategy 'gone'" in ran.err
    assert "the strategies are neufs, " in ran.err
    assert run("scan", pool, *model).status == 0
    assert run("select", pool, "-n", 3, *model, "--strategy", "neufs").status == 0


def test_the_order_of_rows_changes_no_pick(
    run: Run, model: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        order = np.random.default_rng(len(name)).permutation(24).tolist()
        pool = write_pool(tmp_path / name / "pool.jsonl", order)
        ran = run("select", pool, "-n", 6, "--seed", 4, *LABELS, *model, "--json")
        chosen.append([pick["id"] for pick in ran.json["picks"]])
    assert chosen[0] == chosen[1]


def test_the_reference_behaves_otherwise(run: Run, pool: Path, model: tuple[str, ...]) -> None:
    ours = run("select", pool, "-n", 6, *LABELS, *model, "--json").json["picks"]
    theirs = run("select", pool, "-n", 6, *LABELS, *model, "--json", "--reference").json["picks"]
    assert [p["neuron_count"] for p in ours] != [p["neuron_count"] for p in theirs]
    refused = run("select", pool, *LABELS, *model, "--reference", "--set-size", 5)
    assert refused.status == 2
    assert "--reference sets" in refused.err


def test_more_picks_than_examples_is_wrong_use(
    run: Run, pool: Path, model: tuple[str, ...]
) -> None:
    ran = run("select", pool, "-n", 30, *LABELS, *model)
    assert ran.status == 2
    assert "30 examples are wanted and 24 are there" in ran.err


def test_labels_may_come_from_a_field(run: Run, pool: Path, model: tuple[str, ...]) -> None:
    ran = run("select", pool, "-n", 3, "--labels-from", "label", *model, "--json")
    assert {pick["model_answer"] for pick in ran.json["picks"]} <= {"yes", "no, not at all"}
    assert ran.err.startswith("2 labels from 'label' in 24 of 24 rows: 'yes' 16, 'no, not at")
    both = run("select", pool, "--labels-from", "label", *LABELS, *model)
    assert both.status == 2
    assert "contradict each other" in both.err


def test_labels_model_and_shots_may_stand_in_a_file(run: Run, pool: Path, tiny_llama: Path) -> None:
    (pool.parent / "neufs.toml").write_text(
        f'[task]\nlabels = ["yes", "no, not at all"]\n[model]\nname = "{tiny_llama}"\n'
        "[selection]\nshots = 4\n"
    )
    assert len(run("select", pool, "--json").json["picks"]) == 4


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ((), 2, "nobody has said what the labels are"),
        (("--label", "only"), 2, "there is only one label"),
        (("--label", "a", "--label", "a"), 2, "a"),
        (("--label", "a", "--label", "b", "--device", "warp"), 2, "there is no device 'warp'"),
        (("--label", "a", "--label", "b", "--model", "./none"), 1, "there is no folder ./none"),
        (("--no-such-flag",), 2, "No such option"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_an_exit_status(
    run: Run, pool: Path, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    ran = run("scan", pool, *arguments)
    assert ran.status == status
    assert sentence in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_nothing_starts_on_bad_lines_until_they_may_be_skipped(
    run: Run, pool: Path, model: tuple[str, ...]
) -> None:
    with pool.open("ab") as stream:
        stream.write(b'not json\n{"id": 1}\n{"text": ""}\n\xff\xfe\n')
    refused = run("scan", pool, *LABELS, *model)
    assert refused.status == 2
    for number in (25, 26, 27, 28):
        assert f"line {number}" in refused.err
    assert "--skip-bad-lines" in refused.err
    ran = run("scan", pool, *LABELS, *model, "--skip-bad-lines")
    assert ran.status == 0
    assert "4 bad lines skipped" in ran.err


def test_another_encoding_is_refused_until_it_is_named(
    run: Run, pool: Path, model: tuple[str, ...]
) -> None:
    pool.write_bytes(pool.read_bytes().replace(b"Variation", "Variaci\xf3n".encode("cp1252")))
    refused = run("scan", pool, *LABELS, *model)
    assert refused.status == 2
    assert "--encoding cp1252" in refused.err
    assert "--skip-bad-lines" not in refused.err
    ran = run("scan", pool, *LABELS, *model, "--encoding", "cp1252")
    assert (ran.status, ran.err.splitlines()[0]) == (0, "read as cp1252")
    assert "24/24" in ran.err


def test_a_number_that_is_too_large_is_exported_as_its_text(run: Run, pool: Path) -> None:
    rows = pool.read_text().replace('"channel": "mail"', '"score": 1e400')
    pool.write_text(rows)
    label_some(pool, 1)
    assert json.loads(run("export", pool).out)["score"] == "1e400"


def test_a_pool_may_come_through_standard_input(pool: Path, tiny_llama: Path) -> None:
    command = [PROGRAM, "select", "-", "-n", "3", "--json", *LABELS, "--model", str(tiny_llama)]
    with pool.open("rb") as stream:
        ran = subprocess.run(command, stdin=stream, capture_output=True, cwd=pool.parent)
    assert ran.returncode == 0, ran.stderr
    assert len(json.loads(ran.stdout)["picks"]) == 3


class Scan:
    """A scan in a terminal whose batches the test lets pass."""

    def __init__(self, pool: Path, model: Path, n: int) -> None:
        command = [*PACED[1:], "scan", str(pool), *LABELS, "--model", str(model)]
        self.child = pexpect.spawn(PACED[0], command, timeout=120, encoding="utf-8")
        self._n = f"{n:,}"
        self.done = -1
        self.wait_for_more()

    def wait_for_more(self) -> None:
        """Read until more examples are told than before."""
        before = self.done
        while self.done <= before:
            self.child.expect(rf"([\d,]+)/{self._n} examples")
            self.done = int(self.child.match.group(1).replace(",", ""))

    def end(self) -> int | None:
        """Read to the end; the exit status, None after a kill."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def scans() -> Iterator[list[Scan]]:
    """Scans that end with the test."""
    started: list[Scan] = []
    yield started
    for scan in started:
        scan.child.close(force=True)


def test_a_scan_stops_on_ctrl_c_and_survives_being_killed(
    tmp_path: Path, tiny_llama: Path, pace: Pace, scans: list[Scan]
) -> None:
    pool = write_pool(tmp_path / "pool.jsonl", n=600)

    def begin() -> Scan:
        scans.append(Scan(pool, tiny_llama, 600))
        return scans[-1]

    interrupted = begin()
    assert interrupted.done == 0
    for _ in range(2):
        pace.let_pass(1)
        interrupted.wait_for_more()
    interrupted.child.sendintr()
    assert interrupted.end() == 130
    assert "interrupted" in interrupted.child.before
    assert "Traceback" not in interrupted.child.before

    killed = begin()
    assert killed.done == interrupted.done
    for _ in range(4):  # three batches may wait for the disk
        pace.let_pass(1)
        killed.wait_for_more()
    os.kill(killed.child.pid, signal.SIGKILL)
    killed.end()

    finished = begin()
    assert finished.done > interrupted.done
    pace.let_pass(600)
    while finished.done < 600:
        finished.wait_for_more()
    assert finished.end() == 0


def test_an_export_is_read_back_in_labelling_order(run: Run, pool: Path, tmp_path: Path) -> None:
    label_some(pool, 5)
    rows = [json.loads(line) for line in run("export", pool).out.splitlines()]
    assert [row["id"] for row in rows] == [f"r{number}" for number in range(5)]
    assert [row["label"] for row in rows] == ["yes"] * 5
    assert run("export", pool).err == "of the 5 examples no, not at all has none\n"
    assert rows[0]["gold_label"] == "no, not at all"
    assert rows[0]["channel"] == "mail"
    chat = json.loads(run("export", pool, "--format", "chat", "-k", 2).out)
    assert [turn["role"] for turn in chat] == ["system", *["user", "assistant"] * 2]
    openai = run("export", pool, "--format", "openai").out.splitlines()
    assert [len(json.loads(line)["messages"]) for line in openai] == [3] * 5
    table = list(csv.DictReader(run("export", pool, "--format", "csv").out.splitlines()))
    assert [row["label"] for row in table] == ["yes"] * 5

    target = tmp_path / "few_shot.jsonl"
    assert run("export", pool, "-o", target).status == 0
    manifest = json.loads((tmp_path / "few_shot.jsonl.manifest.json").read_text())
    assert manifest["ids"] == [f"r{number}" for number in range(5)]
    assert manifest["by_label"] == {"yes": 5, "no, not at all": 0}
    again = run("export", pool, "-o", target)
    assert again.status == 1
    assert "--force" in again.err
    assert run("export", pool, "-o", target, "--force").status == 0


def test_an_export_has_what_calibrates_the_answers_behind_its_own_prompt_alone(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    label_some(pool, 3)
    target = tmp_path / "few_shot.jsonl"

    def offsets(*more: str | int) -> dict[str, float] | None:
        ran = run("export", pool, "-o", target, "--force", *more)
        assert ran.status == 0
        known = json.loads((tmp_path / "few_shot.jsonl.manifest.json").read_text())["calibration"]
        assert ("without what calibrates" in ran.err) is (known is None)
        return known and known["offsets"]

    project = read_project(ProjectRequest(str(pool)))
    shown = tuple((one.id, "yes") for one in project.pool.examples[:3])
    found = Calibration(shown, {"yes": 0.5}, {"yes": 0.1}, {"yes": 1.0}, n_labels=8, n_sample=64)
    with open_session(project) as session:
        session.calibration.keep(found)
    assert offsets() == {"yes": 0.5}
    assert offsets("-k", 2) is None
    with open_session(project) as session:
        session.calibration.keep(replace(found, demonstrations=((shown[0][0], "no"), *shown[1:])))
    assert offsets() is None
    with open_session(project) as session:
        session.calibration.keep(found)
    pool.with_name("neufs.toml").write_text('[task]\ninstruction = "Judge: {labels}"\n')
    assert offsets() is None


def test_an_export_asks_what_label_would_ask_now_and_says_what_changed(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    label_some(pool, 2)
    config = pool.with_name("neufs.toml")
    config.write_text('[task]\ninstruction = "Judge: {labels}"\n')
    ran = run("export", pool, "--format", "chat")
    assert json.loads(ran.out)[0]["content"] == "Judge: - yes\n- no, not at all"
    assert "2 of 2 labels were given with another instruction than is asked now" in ran.err
    project = read_project(ProjectRequest(str(pool)))
    with open_session(project) as session:
        third = Decision(project.pool.examples[2].id, DecisionKind.LABEL, Answer("yes"))
        session.record(third, pick=None, seconds=None)
    ran = run("export", pool, "--format", "openai", "-o", tmp_path / "tuned.jsonl")
    assert "2 of 3 labels were given with another instruction" in ran.err
    manifest = json.loads((tmp_path / "tuned.jsonl.manifest.json").read_text())
    assert manifest["prompt"]["instruction"] == "Judge: {labels}"
    config.write_text('[task]\nlabels = ["no, not at all", "perhaps"]\n')
    refused = run("export", pool)
    assert (refused.status, refused.out) == (2, "")
    assert "1 label in use would be lost: 'yes'" in refused.err
    told = run("stats", pool, "--json").json["by_label"]
    assert told == {"no, not at all": 0, "perhaps": 0, "yes": 3}


def test_exporting_more_than_is_labelled_is_refused(run: Run, pool: Path) -> None:
    label_some(pool, 2)
    ran = run("export", pool, "-k", 3)
    assert ran.status == 1
    assert "3 examples were asked for and 2 examples are labelled" in ran.err


def test_stats_count_and_compare(run: Run, pool: Path) -> None:
    assert run("stats", pool).status == 1
    label_some(pool, 3)
    told = run("stats", pool, "--json").json
    assert (told["labelled"], told["skipped"], told["remaining"]) == (3, 0, 21)
    assert told["by_label"] == {"yes": 3, "no, not at all": 0}
    assert told["agreement"] is None
    assert told["set"].startswith("3 labelled, but no, not at all has none. Whether labels help")
    assert told["paired"]["compared"] == 0
    said = run("stats", pool).out
    assert "labelled   3" in said and told["set"] in said


def test_hunted_labels_and_accepted_suggestions_are_told_apart(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    label_some(pool, 2)
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    examples = project.pool.examples
    why = Reason(0, 0, 0.0, 0.95, strategy=HUNT, label="yes")
    picks = [Pick(one.id, why, None, {}, 24, 2, estimate={"yes": 0.95}) for one in examples[:8]]
    hunted = Decision(examples[2].id, DecisionKind.LABEL, Answer("no, not at all"), hunted=True)
    accepted = [Decision(one.id, DecisionKind.ACCEPT, Answer("yes")) for one in examples[3:6]]
    corrected = Decision(examples[6].id, DecisionKind.LABEL, Answer("yes"), hunted=True)
    with open_session(project) as session:
        session.record(hunted, pick=picks[2], seconds=1.0, looked=True)
        session.record_page([*zip((*accepted, corrected), picks[3:7], strict=True)])
    told = run("stats", pool, "--json").json
    assert (told["labelled"], told["hunted"], told["accepted"]) == (4, 2, 3)
    assert (told["skipped"], told["remaining"]) == (0, 17)
    assert told["by_label"] == {"yes": 3, "no, not at all": 1}
    said = run("stats", pool).out
    assert "hunted     2 of them" in said and "accepted   3, suggestions" in said
    exported = [json.loads(line)["id"] for line in run("export", pool).out.splitlines()]
    assert exported == ["r0", "r1", "r2", "r6"]
    run("export", pool, "-o", tmp_path / "set.jsonl")
    manifest = json.loads((tmp_path / "set.jsonl.manifest.json").read_text())
    assert (manifest["hunted"], manifest["k"]) == (2, 4)
    assert [one["hunted"] for one in manifest["examples"]] == [False, False, True, True]
    shown = run("show", pool, "r3")
    assert "accepted as suggested, no label: yes" in shown.out
    assert "Likely yes: .95 by your labels." in shown.out
    assert run("show", pool, "r2", "--json").json["hunted"] is True
    undone = run("undo", pool, "--json").json
    assert (undone["decisions"], undone["accepted"], undone["labelled"]) == (4, 0, 3)
    assert "redone: 4 answers given at once" in run("redo", pool).out
    events = run("history", pool, "--json").json
    assert [one["kind"] for one in events[3:]] == [*["accept"] * 3, "label", "undo", "redo"]
    assert [one["page"] for one in events] == [None, None, None, 4, 4, 4, 4, 4, 4]
    table = run("history", pool).out
    assert "hunted" in table and "suggested" in table


def test_a_grown_and_reordered_pool_goes_on_with_its_session(run: Run, pool: Path) -> None:
    label_some(pool, 4)
    write_pool(pool, order=[*range(23, -1, -1), 24, 25], n=26)
    label_some(pool, 0)
    told = run("stats", pool, "--json").json
    assert (told["labelled"], told["remaining"]) == (4, 22)
    exported = [json.loads(line)["id"] for line in run("export", pool).out.splitlines()]
    assert exported == ["r0", "r1", "r2", "r3"]


def test_a_session_remembers_labels_and_model(run: Run, pool: Path, model: tuple[str, ...]) -> None:
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no"), model=model[1], shots=3))
    open_session(project).close()
    assert len(run("select", pool, "--json").json["picks"]) == 3


def test_labels_in_use_cannot_be_dropped_by_accident(pool: Path) -> None:
    from neufs_tui.errors import UsageError

    label_some(pool, 1)
    project = read_project(ProjectRequest(str(pool), labels=("no", "maybe")))
    with pytest.raises(UsageError, match="1 label in use would be lost: 'yes'"):
        open_session(project)


def test_models_are_listed_and_unknown_ones_refused(run: Run) -> None:
    assert run("models", "list").out.startswith("smollm2-135m\t")
    ran = run("models", "get", "gpt-17")
    assert ran.status == 2
    assert "there is no model 'gpt-17' to fetch" in ran.err


def test_a_model_that_is_here_is_not_fetched_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neufs_tui.model.loading.catalogue import EMBEDDED, folder_name
    from neufs_tui.storage.paths import models_dir

    folder = models_dir() / folder_name(EMBEDDED["smollm2-135m"])
    folder.mkdir(parents=True)
    assert run("models", "get", "smollm2-135m").out.strip() == str(folder)
    assert "\there" in run("models", "list").out
    shutil.rmtree(folder)
    assert "\tfetch 93 MB" in run("models", "list").out


def test_label_without_a_terminal_says_so(pool: Path) -> None:
    ran = subprocess.run([PROGRAM, "label", str(pool), *LABELS], capture_output=True, text=True)
    assert ran.returncode == 2
    assert "label needs a terminal" in ran.stderr


def test_version_is_told(run: Run) -> None:
    assert run("--version").out.strip() == f"neufs-tui, version {__version__}"


COMMANDS = cli.list_commands(click.Context(cli))
SUBCOMMANDS = ["models list", "models get"]


@pytest.mark.parametrize("command", COMMANDS + SUBCOMMANDS)
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    ran = run(*command.split(), "--help")
    assert ran.status == 0
    assert f"neufs-tui {command.split()[0]} " in ran.out.split("Example")[1]


def test_help_documents_the_exit_statuses_and_names_every_command(run: Run) -> None:
    told = run("--help").out
    statuses = "0 done, 1 failed, 2 wrong use or bad input, 3 nothing left, 130 interrupted"
    assert statuses in " ".join(told.split())
    for command in COMMANDS:
        assert f"\n  {command} " in told


def test_a_misspelt_command_is_answered_with_the_one_that_is_meant(run: Run) -> None:
    ran = run("lable")
    assert ran.status == 2
    assert "No such command 'lable'. Did you mean 'label'?" in ran.err


def test_explain_tells_why_in_numbers_that_add_up(run: Run, pool: Path, tiny_llama: Path) -> None:
    model = ("--model", tiny_llama, "--device", "cpu", "--dtype", "float32")
    told = run("explain", pool, "r7", *LABELS, *model, "--json").json
    assert told["id"] == "r7"
    assert told["n_labelled"] == 0 and told["nearest_labelled"] is None
    assert told["gap"]["size"] == told["gap"]["set_size"] == sum(told["gap"]["by_layer"])
    assert sum(bar["contribution"] for bar in told["bars"]) == pytest.approx(told["total"])
    assert sum(told["probabilities"].values()) == pytest.approx(1)
    assert run("explain", pool, "#8", *LABELS, *model, "--json").json == told
    lines = run("explain", pool, "r7", *LABELS, *model).out
    assert "nothing is labelled yet" in lines and "together" in lines
    missing = run("explain", pool, "nobody", *LABELS, *model)
    assert missing.status == 2
    assert "there is no example 'nobody'" in missing.err


def test_explain_repeats_what_the_screen_said_of_a_label(run: Run, pool: Path) -> None:
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    chosen = project.pool.examples[7]
    shares = {"yes": 0.7, "no, not at all": 0.3}
    shown = Pick(chosen.id, reason(), "yes", shares, 24, 3, n_demonstrations=3)
    stored = explanation(chosen.id, tuple(one.id for one in project.pool.examples[:3]))
    with open_session(project) as session:
        decision = Decision(chosen.id, DecisionKind.LABEL, Answer("no, not at all"))
        session.record(decision, pick=shown, seconds=None, panel=stored)
    said = " ".join(run("explain", pool, "r7").out.split())
    assert "you: no, not at all · model with 3 labels: yes .70" in said
    assert "Stands for 44 examples that no label covers yet: more typical than 30" in said
    assert "40 of its 500 neurons are new to your 3 labelled examples (median 12;" in said
    assert said.count("neurons are new") == 1
    rows = wording.neuron_rows(stored, lambda _: "r0 (#1)")
    for words in (
        *(wording.BY_LAYER, wording.STRONGEST, wording.push_heading(stored.answer)),
        *(" ".join(row[:3]) for row in rows),
        *("yes · Yes · 1", "no · 1", "r0 (#1) -1.000"),  # a cell may take two lines
        *(" ".join(" ".join(row[:3]).split()) for row in wording.push_rows(stored)),
        "Beside the nearest labelled example, distance 0.41 r0 (#1): 380 neurons shared",
    ):
        assert words in said
    told = run("explain", pool, "r7", "--json").json
    assert told["label"] == "no, not at all"
    assert told["shown_with"]["reason"]["n_farther"] == 30
    assert told["gap"]["size"] == 40


def test_explain_prints_what_was_stored_with_a_label(
    run: Run, pool: Path, tiny_llama: Path
) -> None:
    model = ("--model", tiny_llama, "--device", "cpu", "--dtype", "float32")
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    chosen = project.pool.examples[7]
    stored = replace(explanation(chosen.id, (content_hash("a removed row"),)), answer="yes")
    with open_session(project) as session:
        decision = Decision(chosen.id, DecisionKind.LABEL, Answer("yes"))
        session.record(decision, pick=None, seconds=None, panel=stored)
    ran = run("explain", pool, "r7", "--json")  # no model is named, and none is needed
    assert ran.status == 0 and "as it was stored with the label" in ran.err
    assert ran.json["answer"] == "yes"
    assert ran.json["gap"]["by_layer"] == list(stored.gap.by_layer)
    assert "no longer in the pool" in ran.json["nearest_labelled"]["example_id"]
    assert "no longer in the pool" in run("explain", pool, "r7").out
    assert (ran.json["label"], ran.json["looked"], ran.json["shown_with"]) == ("yes", False, None)
    (pool.parent / "neufs.toml").write_text('[task]\ninput = "Text: {text}"\n')
    said = run("explain", pool, "r7").err
    assert "as it was stored with the label, given with another input template;" in said
    again = run("explain", pool, "r7", *model, "--again", "--json").json
    assert again["gap"]["by_layer"] != list(stored.gap.by_layer)
    assert again["alternatives"][0]["rule"] == "random"
