"""What was said about a pool, put together from flags, files and earlier sessions."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind, content_hash
from neufs_tui.errors import SessionError, UsageError
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.pools import write_rows


def write(path: Path, texts: list[str]) -> str:
    return str(write_rows(path, ({"text": text, "kind": text[-1]} for text in texts)))


def decided(text: str, name: str) -> Decision:
    return Decision(content_hash(text), DecisionKind.LABEL, Answer(name))


def label_first(request: ProjectRequest) -> None:
    project = read_project(request)
    with open_session(project) as session:
        decision = Decision(project.pool.examples[0].id, DecisionKind.LABEL, Answer("a"))
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


def test_a_copy_of_a_session_at_work_is_noticed_before_its_numbers_are_read(
    tmp_path: Path,
) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    copy = tmp_path / "copy"
    with open_session(read_project(ProjectRequest(source, labels=("a", "b")))):
        assert read_project(ProjectRequest(source)).missing == ""
        copy.mkdir()
        for name in ("pool.jsonl", "pool.neufs.db"):
            shutil.copy(tmp_path / name, copy)
    notices = read_project(ProjectRequest(str(copy / "pool.jsonl"))).notices
    assert "was copied without pool.neufs.db-wal" in notices[0]


def test_labels_from_a_field_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    there = write(tmp_path / "there.jsonl", ["x b", "y a", "z C"])
    back = write(tmp_path / "back.jsonl", ["z C", "y a", "x b"])
    names = [
        read_project(ProjectRequest(source, labels_from="kind")).require_task().label_names
        for source in (there, back)
    ]
    assert names == [("a", "b", "C")] * 2


def test_labels_that_come_later_in_a_field_are_taken_too(tmp_path: Path) -> None:
    source = write(tmp_path / "pool.jsonl", ["x a", "y b"])
    asked = ProjectRequest(source, labels_from="kind")
    label_first(asked)
    write(tmp_path / "pool.jsonl", ["x a", "y b", "z c"])
    project = read_project(asked)
    assert project.require_task().label_names == ("a", "b", "c")
    assert "new since the last time: 'c'" in project.notices
    open_session(project).close()
    assert read_project(ProjectRequest(source)).require_task().label_names == ("a", "b", "c")


def test_a_label_given_stays_though_no_row_has_it_or_its_spelling(tmp_path: Path) -> None:
    source = write(tmp_path / "pool.jsonl", ["x a", "y b"])
    asked = ProjectRequest(source, labels_from="kind")
    label_first(asked)
    for texts in (["x a", "z c", "y b"], ["q A", "r A", "x a", "s c"]):
        rows = [{"text": text, "kind": text[-1]} for text in texts]
        rows[0]["kind"] = rows[-1]["kind"]
        write_rows(Path(source), rows)
        project = read_project(asked)
        assert "a" in project.require_task().label_names
        open_session(project).close()


def test_a_label_from_a_field_keeps_the_spelling_and_definition_of_the_file(
    tmp_path: Path,
) -> None:
    source = write(tmp_path / "pool.jsonl", ["x a", "y b"])
    config = '[task]\nlabels = [{name = "A", definition = "the first"}, "B"]\n'
    (tmp_path / "neufs.toml").write_text(config)
    task = read_project(ProjectRequest(source, labels_from="kind")).require_task()
    assert [(one.name, one.definition) for one in task.labels] == [("A", "the first"), ("B", "")]


def test_a_session_remembers_the_encoding_as_long_as_it_is_needed(tmp_path: Path) -> None:
    path, text = tmp_path / "pool.jsonl", "caf\xe9"
    line = json.dumps({"text": text}, ensure_ascii=False)
    path.write_bytes(line.encode("cp1252"))
    said = ProjectRequest(str(path), labels=("a", "b"), encoding="cp1252")
    open_session(read_project(said)).close()
    again = read_project(ProjectRequest(str(path)))
    assert again.pool.examples[0].text == text
    assert again.notices == ("read as cp1252, as the last time",)
    open_session(again).close()
    path.write_text(line)
    project = read_project(ProjectRequest(str(path)))
    assert (project.pool.examples[0].text, project.notices) == (text, ())


def test_a_session_brings_back_what_was_said_but_not_what_is_trusted(
    tmp_path: Path,
) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    said = ProjectRequest(
        source,
        labels=("a", "b"),
        model="./m",
        adapter="./l",
        shots=7,
        trust_remote_code=True,
        trust_self_check=True,
    )
    open_session(read_project(said)).close()
    again = read_project(ProjectRequest(source, shots=5))
    assert again.require_task().label_names == ("a", "b")
    assert (again.model.name, again.model.adapter) == ("./m", "./l")
    assert read_project(ProjectRequest(source, model="./other")).model.adapter is None
    assert again.model.trust_remote_code is False
    assert again.model.trust_self_check is False
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


def test_a_label_dropped_while_it_was_undone_is_not_redone(tmp_path: Path) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    with open_session(read_project(ProjectRequest(source, labels=("a", "b")))) as session:
        session.record(decided("one", "b"), pick=None, seconds=None)
        session.undo()
    with open_session(read_project(ProjectRequest(source, labels=("a", "c")))) as session:
        with pytest.raises(SessionError, match="'b' is not a label any more"):
            session.redo()
        assert (session.decisions(), session.revision()) == ((), 2)
    with open_session(read_project(ProjectRequest(source, labels=("a", "b")))) as session:
        assert session.redo() == (decided("one", "b"),)


def test_a_label_dropped_after_it_was_replaced_is_not_given_back_by_undo(tmp_path: Path) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    with open_session(read_project(ProjectRequest(source, labels=("a", "b")))) as session:
        session.record(decided("one", "b"), pick=None, seconds=None)
        session.record(decided("one", "a"), pick=None, seconds=None)
    with open_session(read_project(ProjectRequest(source, labels=("a", "c")))) as session:
        with pytest.raises(SessionError, match="'b' is not a label any more"):
            session.undo()
        assert session.decisions() == (decided("one", "a"),)


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["undo", "redo"]),
        st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 1)),
        st.sets(st.sampled_from("abc"), min_size=2, max_size=2),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_whatever_was_undone_and_redone_the_same_labels_open_the_session_again(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str | tuple[str, int] | set[str]]
) -> None:
    source = write(tmp_path_factory.mktemp("session") / "pool.jsonl", ["one", "two"])
    names = ("a", "b")
    session = open_session(read_project(ProjectRequest(source, labels=names)))
    for step in steps:
        if isinstance(step, set):
            session.close()
            others = tuple(sorted(step))
            try:
                session = open_session(read_project(ProjectRequest(source, labels=others)))
            except UsageError:  # one of those that hold was left out
                session = open_session(read_project(ProjectRequest(source, labels=names)))
            else:
                names = others
        elif isinstance(step, tuple):
            session.record(decided(step[0], names[step[1]]), pick=None, seconds=None)
        else:
            with suppress(SessionError):
                session.undo() if step == "undo" else session.redo()
    session.close()
    open_session(read_project(ProjectRequest(source, labels=names))).close()


@pytest.mark.parametrize(
    "given, named, shown",
    [
        ("Cafe\u0301", "Caf\u00e9", "'Cafe\\u0301', and the task names 'Caf\\xe9'"),
        ("Other", "other", "'Other', and the task names 'other'"),
    ],
)
def test_a_label_in_use_that_is_spelt_otherwise_is_named_with_both_spellings(
    given: str, named: str, shown: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "pool.jsonl", ["one", "two"])
    project = read_project(ProjectRequest(source, labels=(given, "b")))
    with open_session(project) as session:
        decision = Decision(project.pool.examples[0].id, DecisionKind.LABEL, Answer(given))
        session.record(decision, pick=None, seconds=None)
    with pytest.raises(UsageError) as caught:
        open_session(read_project(ProjectRequest(source, labels=(named, "b"))))
    assert shown in caught.value.message
    assert json.dumps(given) in caught.value.hint
    open_session(read_project(ProjectRequest(source, labels=(given, "b")))).close()


@pytest.mark.parametrize(("asked", "given"), [(0, 0), (5, 5), (6, 5), (100, 5)])
def test_no_more_than_half_of_a_pool_is_for_the_check_set(
    tmp_path: Path, asked: int, given: int
) -> None:
    pool = write_rows(tmp_path / "pool.jsonl", [{"text": f"text {n}"} for n in range(11)])
    project = read_project(ProjectRequest(str(pool), labels=("a", "b"), check=asked))
    assert project.n_checks == given
    said = [one for one in project.notices if "instead of" in one]
    assert bool(said) == (given < asked)


@pytest.mark.parametrize(("asked", "told"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_check_set_that_can_tell_nothing_is_told(tmp_path: Path, asked: int, told: bool) -> None:
    pool = write_rows(tmp_path / "pool.jsonl", [{"text": f"text {n}"} for n in range(30)])
    project = read_project(ProjectRequest(str(pool), labels=("a", "b"), check=asked))
    assert ("fewer than 10 check examples tell nothing" in project.notices) == told
