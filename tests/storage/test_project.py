"""What was said about a pool, put together from flags, files and earlier sessions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neufs_tui.core.records import Decision, DecisionKind
from neufs_tui.errors import SessionError, UsageError
from neufs_tui.storage.project import open_session, read_project
from neufs_tui.storage.request import ProjectRequest


def write(path: Path, texts: list[str]) -> str:
    path.write_text("".join(json.dumps({"text": t, "kind": t[-1]}) + "\n" for t in texts))
    return str(path)


def label_first(request: ProjectRequest) -> None:
    project = read_project(request)
    with open_session(project) as session:
        decision = Decision(project.pool.examples[0].id, DecisionKind.LABEL, "a")
        session.record(decision, pick=None, seconds=None)


def test_a_session_of_another_pool_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    label_first(ProjectRequest(source, labels=("a", "b")))
    write(tmp_path / "pool.jsonl", ["quite", "other", "texts"])
    with pytest.raises(SessionError, match="holds labels of another pool") as caught:
        open_session(read_project(ProjectRequest(source)))
    assert "--session" in caught.value.hint
    write(tmp_path / "pool.jsonl", ["quite", "other", "texts", "one"])
    with open_session(read_project(ProjectRequest(source))) as session:
        assert session.counts().labelled == 1


def test_labels_from_a_field_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    there = write(tmp_path / "there.jsonl", ["x b", "y a", "z C"])
    back = write(tmp_path / "back.jsonl", ["z C", "y a", "x b"])
    names = [
        read_project(ProjectRequest(source, labels_from="kind")).require_task().label_names
        for source in (there, back)
    ]
    assert names == [("a", "b", "C")] * 2


def test_a_session_brings_back_what_was_said_but_not_permission_to_run_code(
    tmp_path: Path,
) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    said = ProjectRequest(source, labels=("a", "b"), model="./m", shots=7, trust_remote_code=True)
    open_session(read_project(said)).close()
    again = read_project(ProjectRequest(source, shots=5))
    assert again.require_task().label_names == ("a", "b")
    assert again.model.name == "./m"
    assert again.model.trust_remote_code is False
    assert again.selection.shots == 5


def test_an_instruction_that_names_no_label_is_noticed(tmp_path: Path) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    config = '[task]\ninstruction = "Sort. {labelz}"\nlabels = ["alpha", "beta"]\n'
    (tmp_path / "neufs.toml").write_text(config)
    (notice,) = read_project(ProjectRequest(source)).notices
    assert "the instruction names no label" in notice


@pytest.mark.parametrize(("labels", "message"), [((), "nobody has said"), (("a",), "only one")])
def test_a_task_needs_two_labels(tmp_path: Path, labels: tuple[str, ...], message: str) -> None:
    source = write(tmp_path / "pool.jsonl", ["one"])
    with pytest.raises(UsageError, match=message):
        read_project(ProjectRequest(source, labels=labels)).require_task()
