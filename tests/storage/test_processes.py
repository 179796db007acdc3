"""What other processes see, and what is left when one is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neufs_tui.errors import SessionError
from neufs_tui.storage import writer_lock
from neufs_tui.storage.session import Session
from neufs_tui.storage.writer_lock import Holder
from tests.storage.values import label, pool_of

LABEL_AND_WAIT = """
import sys
from neufs_tui.core.records import Answer, Decision, DecisionKind, content_hash
from neufs_tui.storage.session import Session

session = Session.open(sys.argv[1], write=True)
for text in sys.argv[2:]:
    session.record(
        Decision(content_hash(text), DecisionKind.LABEL, Answer("A")), pick=None, seconds=None
    )
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()
sys.stdout.write("waiting\\n")
sys.stdout.flush()
sys.stdin.readline()
session.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pool.neufs.db"
    with Session.open(path, write=True) as session:
        session.merge_pool(pool_of(tmp_path / "pool.jsonl", "a", "b", "c"))
    return path


@contextmanager
def labelling(path: Path, *texts: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that labels texts, says each, and keeps the session open."""
    process = subprocess.Popen(
        [sys.executable, "-c", LABEL_AND_WAIT, str(path), *texts],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == line:
            return
    pytest.fail(f"the process ended without saying {line!r}")


@pytest.mark.parametrize("said", ["a", "b", "c"])
def test_a_label_survives_kill_9_the_moment_it_is_recorded(path: Path, said: str) -> None:
    with labelling(path, "a", "b", "c") as process:
        read_until(process, said)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    expected = [label(text) for text in ("a", "b", "c")]
    known = expected[: expected.index(label(said)) + 1]
    with Session.open(path, write=False) as session:
        assert list(session.decisions())[: len(known)] == known
        assert session.missing == ""
    with Session.open(path, write=True) as session:
        assert list(session.decisions())[: len(known)] == known
        assert session.revision() == len(session.decisions())


def test_a_second_writer_is_refused_with_the_firsts_process_id(path: Path) -> None:
    with labelling(path) as process:
        read_until(process, "waiting")
        for _ in range(2):
            with pytest.raises(SessionError) as caught:
                Session.open(path, write=True)
            assert caught.value.message == (
                f"another neufs-tui (process {process.pid}) is labelling this session"
            )
            assert "--session" in caught.value.hint
        with Session.open(path, write=False) as session:
            assert session.decisions() == ()


def test_a_second_writer_through_a_link_is_refused_too(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.neufs.db"
    link.symlink_to(path)
    with Session.open(path, write=True), pytest.raises(SessionError, match="is labelling"):
        Session.open(link, write=True)


def test_the_lock_dies_with_its_process(path: Path) -> None:
    with labelling(path, "a") as process:
        read_until(process, "waiting")
        process.send_signal(signal.SIGKILL)
        process.wait()
        with Session.open(path, write=True) as session:
            assert session.decisions() == (label("a"),)


def test_the_lock_is_let_go_when_the_session_is_closed(path: Path) -> None:
    with labelling(path) as process:
        read_until(process, "waiting")
        process.communicate("go\n")
        assert process.returncode == 0
    Session.open(path, write=True).close()


def test_a_writer_on_record_that_is_gone_is_not_blamed() -> None:
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    here = Holder.this_process()
    gone = Holder(finished.pid, here.host, here.since)
    assert "process" not in writer_lock.busy_error(gone).message
    assert "process" not in writer_lock.busy_error(None).message
    elsewhere = Holder(finished.pid, "another-host", here.since)
    assert f"(process {finished.pid} on another-host)" in writer_lock.busy_error(elsewhere).message
