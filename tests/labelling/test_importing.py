"""Labels of another file enter a session: what this program exports comes back as it was."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind, content_hash
from neufs_tui.errors import SessionError, UsageError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.registry import FORMATS, render
from neufs_tui.labelling.importing import import_given
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.given_labels import GivenLabels, given_labels
from neufs_tui.storage.label_names import label_key
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.session import Session
from tests.pools import AWKWARD, write_rows

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(label_key)
IDS = st.one_of(st.none(), st.integers(0, 9), st.sampled_from(["", "1", "row 7", "null"]))

IMPORTABLE = [
    name
    for name, form in FORMATS.items()
    if "neufs-tui import" in form.read_by and (name != "hf" or find_spec("datasets"))
]


def read_given(path: Path) -> GivenLabels:
    return given_labels(read_pool(str(path)), path.name, None)


@pytest.fixture
def pool(tmp_path: Path) -> ProjectRequest:
    rows = [{"text": f"text {n}", "id": f"r{n}"} for n in range(6)]
    return ProjectRequest(str(write_rows(tmp_path / "pool.jsonl", rows)), labels=("a", "b"))


def decide(request: ProjectRequest, **labels: str | None) -> None:
    """Label or skip texts by their number, as `t3="a"`."""
    with open_session(read_project(request)) as session:
        for number, name in labels.items():
            kind = DecisionKind.LABEL if name else DecisionKind.SKIP
            text_id = content_hash(f"text {number[1:]}")
            decision = Decision(text_id, kind, Answer(name) if name else None)
            session.record(decision, pick=None, seconds=None)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_an_export_comes_back_with_the_same_labels_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("round")
    texts = data.draw(
        st.lists(st.one_of(st.sampled_from(AWKWARD), WORDS), min_size=2, max_size=8, unique=True)
    )
    texts = [text for text in texts if text.strip()] or ["a text"]
    names = data.draw(st.lists(WORDS, min_size=2, max_size=4, unique_by=label_key))
    rows = [
        {"text": text, "id": data.draw(IDS), "label": data.draw(st.sampled_from([None, 3, *names]))}
        for text in texts
    ]
    source = str(write_rows(folder / "pool.jsonl", rows))
    ids = [one.id for one in read_project(ProjectRequest(source)).pool.examples]
    order = data.draw(st.permutations(ids))
    asked = ProjectRequest(source, labels=tuple(names), session=str(folder / "hers.db"))
    with open_session(read_project(asked)) as session:
        for one in order:
            answer = Answer(data.draw(st.sampled_from(names)))
            decision = Decision(one, DecisionKind.LABEL, answer)
            session.record(decision, pick=None, seconds=None)
        hers = session.decided()
        task = read_project(asked).require_task()
    for form in IMPORTABLE:
        path = folder / form / FORMATS[form].path
        files = render(form, FewShotSet(task, hers))
        (path if FORMATS[form].is_folder else path.parent).mkdir(parents=True)
        for name, content in files.items():
            (path / name if FORMATS[form].is_folder else path).write_bytes(content.encode())
        path = path / "tasks.json" if form == "label-studio" else path
        fresh = ProjectRequest(source, labels=tuple(names), session=str(folder / f"{form}.db"))
        found, _ = import_given(fresh, read_given(path))
        assert (found.unmatched, found.strangers, found.contradicting) == ((), (), ())
        with Session.open(folder / f"{form}.db", write=True) as session:
            back = session.decided()
            assert [(one.example, one.answer) for one in back] == [
                (one.example, one.answer) for one in hers
            ]
            assert {one.given for one in back} == {path.name}
            assert len(session.undo()) == len(hers) and not session.decisions()


def test_what_was_on_the_screen_stays_there(pool: ProjectRequest, tmp_path: Path) -> None:
    project = read_project(pool)
    with open_session(project) as session:
        loop = LabellingLoop(Workspace(project, session))
        loop.begin()
        loop.painted()
        assert loop.shown is not None
        shown = loop.shown.example
    rows = [{"text": f"text {n}", "label": "a"} for n in range(6) if n != shown.row]
    import_given(pool, read_given(write_rows(tmp_path / "theirs.jsonl", rows)))
    with Session.open(tmp_path / "pool.neufs.db", write=False) as session:
        restored = session.shown()
        assert session.counts().given == 5
    assert restored is not None and restored[0] == shown.id


def test_what_she_decided_stands_and_the_same_labels_make_no_event(
    pool: ProjectRequest, tmp_path: Path
) -> None:
    decide(pool, t0="a", t1="b", t2=None)
    rows = [{"text": f"text {n}", "label": "a"} for n in range(4)]
    theirs = read_given(write_rows(tmp_path / "theirs.jsonl", rows))
    found, _ = import_given(pool, theirs)
    assert list(found.taken) == [content_hash("text 3")]
    assert (found.n_same, [one.row for one, _, _ in found.differing]) == (1, [1, 2])
    again, _ = import_given(pool, theirs)
    assert (again.taken, again.n_same) == ({}, 2)
    with Session.open(tmp_path / "pool.neufs.db", write=False) as session:
        assert session.revision() == 4


def test_an_import_that_was_undone_comes_again_when_it_is_asked_for(
    pool: ProjectRequest, tmp_path: Path
) -> None:
    theirs = read_given(write_rows(tmp_path / "x.jsonl", [{"text": "text 1", "label": "a"}]))
    import_given(pool, theirs)
    with Session.open(tmp_path / "pool.neufs.db", write=True) as session:
        session.undo()
    found, _ = import_given(pool, theirs)
    assert len(found.taken) == 1


def test_nothing_is_made_where_nothing_is_taken(pool: ProjectRequest, tmp_path: Path) -> None:
    session = tmp_path / "pool.neufs.db"
    stranger = read_given(write_rows(tmp_path / "x.jsonl", [{"text": "else", "label": "a"}]))
    assert not import_given(pool, stranger)[0].taken
    unknown = read_given(write_rows(tmp_path / "y.jsonl", [{"text": "text 1", "label": "z"}]))
    with pytest.raises(UsageError, match="labels that the task has not: 'z'"):
        import_given(pool, unknown)
    assert not session.exists()


def test_while_somebody_labels_nothing_is_taken(pool: ProjectRequest, tmp_path: Path) -> None:
    theirs = read_given(write_rows(tmp_path / "x.jsonl", [{"text": "text 1", "label": "a"}]))
    with open_session(read_project(pool)) as session:
        with pytest.raises(SessionError):
            import_given(pool, theirs)
        assert session.revision() == 0
