from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

from neufs_tui.core.calibration import Calibration
from neufs_tui.core.records import Pick, Reason, content_hash
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.export.manifest import changes_since, installed_versions, manifest_json
from tests.export.values import MODEL, SYSTEM, TASK, labelled, provenance

REASON = Reason(
    neighbourhood=14,
    neuron_count=3012,
    distance=0.61,
    score=0.83,
)


def test_the_manifest_names_the_check_examples_that_were_left_out() -> None:
    manifest = json.loads(manifest_json(provenance(), [labelled("x")], "chat"))
    assert manifest["left_out"] == {"check": []}
    left_out = [labelled("z", "B", source_id="r9")]
    manifest = json.loads(manifest_json(provenance(), [labelled("x")], "chat", left_out=left_out))
    assert manifest["left_out"]["check"] == [{"id": "r9", "hash": content_hash("z"), "label": "B"}]
    assert manifest["ids"] == [content_hash("x")]
    assert manifest["strategy"]["check"] == 0


def test_the_manifest_tells_labels_that_were_given_elsewhere() -> None:
    few_shot = [labelled("x"), replace(labelled("y", seq=2), given="theirs.csv")]
    manifest = json.loads(manifest_json(provenance(), few_shot, "chat"))
    assert manifest["given"] == 1
    assert [one["given"] for one in manifest["examples"]] == [None, "theirs.csv"]


def test_the_manifest_says_what_the_few_shot_set_depends_on() -> None:
    shares = {"A": 0.25, "B": 0.75}
    pick = Pick(content_hash("x"), REASON, "B", shares, n_scanned=90, n_labelled=0, model=MODEL)
    few_shot = [
        labelled("x", source_id="r1", seq=1, pick=pick, seconds=2.5),
        labelled("y", "B", seq=4),
    ]
    manifest = json.loads(manifest_json(provenance(), few_shot, "chat"))
    assert (manifest["format"], manifest["k"], manifest["order"]) == ("chat", 2, "selection")
    assert manifest["created_at"] == "2030-01-02T03:04:05+00:00"
    assert manifest["model"] == {
        "name": "smollm2-135m",
        "fingerprint": "0f3c",
        "device": "cpu",
        "dtype": "float32",
        "adapter": None,
        "base": None,
        "trusted": False,
    }
    assert manifest["prompt"]["system"] == SYSTEM
    assert manifest["prompt"]["input"] == "Text: {text}"
    assert manifest["prompt"]["answer_prefix"] == "<answer>"
    assert manifest["prompt"]["date"] == "2026-01-01"
    assert "encoded as text" in manifest["prompt"]["texts"]
    assert manifest["labels"] == [
        {"name": "A", "definition": "the first"},
        {"name": "B", "definition": ""},
    ]
    strategy = manifest["strategy"]
    assert (strategy["name"], strategy["shots"], strategy["tau"], strategy["seed"]) == (
        "neufs",
        8,
        0.25,
        3,
    )
    by_chance = replace(provenance(), selection=SelectionSettings(strategy="random"))
    told = json.loads(manifest_json(by_chance, few_shot, "chat"))
    assert told["strategy"]["name"] == "random"
    assert manifest["pool"] == {"file": "pool.jsonl", "sha256": "ab" * 32}
    assert manifest["ids"] == ["r1", content_hash("y")]
    assert manifest["hashes"] == [content_hash("x"), content_hash("y")]
    first, second = manifest["examples"]
    assert (first["seq"], first["seconds"], first["model"]) == (1, 2.5, "0f3c")
    assert first["why"]["reason"]["neighbourhood"] == 14
    assert (first["why"]["answer"], first["why"]["probabilities"]) == ("B", shares)
    assert (second["seq"], second["model"], second["why"]) == (4, None, None)
    assert manifest["versions"] == {"neufs-tui": "0.1.0"}


def test_what_was_asked_otherwise_is_said_of_each_label_and_in_one_sentence() -> None:
    then = replace(TASK, instruction="Judge the text.", input="{text}")
    few_shot = [replace(labelled("x"), task=TASK), replace(labelled("y", seq=2), task=then)]
    assert changes_since(TASK, few_shot) == (
        "1 of 2 labels were given with another instruction and input template than is asked now"
    )
    assert changes_since(TASK, [few_shot[0], labelled("z")]) == ""
    manifest = json.loads(manifest_json(provenance(), [*few_shot, labelled("z")], "jsonl"))
    said = [one["asked_with_another"] for one in manifest["examples"]]
    assert said == [[], ["instruction", "input template"], None]


def test_without_a_model_the_manifest_says_none() -> None:
    manifest = json.loads(
        manifest_json(replace(provenance(), model=None), [labelled("x")], "jsonl")
    )
    assert manifest["model"] is None


def test_the_manifest_has_what_calibrates_the_answers_behind_the_set() -> None:
    few_shot = [labelled("x")]
    assert json.loads(manifest_json(provenance(), few_shot, "jsonl"))["calibration"] is None
    found = Calibration(
        ((content_hash("x"), "A"),), {"A": 0.5, "B": -0.5}, {}, {"A": 0.75, "B": 0.25}, 9, 64
    )
    manifest = manifest_json(replace(provenance(), calibration=found), few_shot, "jsonl")
    told = json.loads(manifest)["calibration"]
    assert told["offsets"] == {"A": 0.5, "B": -0.5}
    assert told["prior"] == {"A": 0.75, "B": 0.25}
    assert (told["labels"], told["texts"]) == (9, 64)
    assert "mean log-probability" in told["added_to"]


def test_equal_exports_have_equal_manifests() -> None:
    few_shot = [labelled("x", note={"b": 1, "a": 2})]
    assert manifest_json(provenance(), few_shot, "csv") == manifest_json(
        provenance(), few_shot, "csv"
    )


def test_versions_are_told_without_importing_what_they_are_of() -> None:
    versions = installed_versions()
    assert {"python", "neufs-tui", "torch", "transformers", "textual"} <= versions.keys()
    code = (
        "import sys\n"
        "from neufs_tui.export.registry import render\n"
        "from neufs_tui.export.manifest import installed_versions\n"
        "from neufs_tui.export.writer import write_export\n"
        "installed_versions()\n"
        "heavy = ('torch', 'transformers', 'textual', 'sqlite_utils', 'pydantic', 'numpy')\n"
        "sys.stdout.write(str([name for name in heavy if name in sys.modules]))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]"
