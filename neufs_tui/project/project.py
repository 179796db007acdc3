"""A pool with everything that was said about it: flags, environment, files, earlier sessions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from neufs_tui.core.check_set import as_unlabelled
from neufs_tui.core.explanation import Explanation
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.prompts import system_message
from neufs_tui.core.records import Answer, Decision, ExampleId, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.core.text import plural
from neufs_tui.errors import SessionError, UsageError
from neufs_tui.project.config import load_config
from neufs_tui.project.live_test import LiveTest, read_live_test
from neufs_tui.project.request import ProjectRequest
from neufs_tui.project.said import LastSession, overrides_of, session_path
from neufs_tui.statistics.check_set import MIN_CHECKED
from neufs_tui.storage.given_labels import GivenLabels, given_labels
from neufs_tui.storage.gold_labels import gold_labels
from neufs_tui.storage.label_names import first_clash, told_apart
from neufs_tui.storage.pool import Pool, read_pool
from neufs_tui.storage.session import Session
from neufs_tui.storage.stored_json import SessionSettings


@dataclass(frozen=True, slots=True)
class Project:
    """What a command works on."""

    pool: Pool
    task: Task | None
    """None when nobody has said what the labels are."""
    model: ModelChoice
    selection: SelectionSettings
    session_path: Path
    label_notices: tuple[str, ...] = ()
    """What is to be known of labels that were taken from a field."""
    given: GivenLabels | None = None
    """Labels that stand in the pool's own rows; None where none are to be taken."""
    missing: str = ""
    """What the session may have lost; empty when it is whole."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Command of the screen → its keys, separated by commas, as they were said."""
    guidelines: str = ""
    """What the annotator goes by, in Markdown; empty for none."""
    test: LiveTest | None = None
    """The file that serves in the place of a check set; its texts are not in the pool."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What is to be known of the pool and its session before their numbers are read."""
        notices = [*filter(None, [self.missing]), *self.pool.notices, *self.label_notices]
        if self.task and not _names_a_label(self.task):
            notices.append("the instruction names no label: {labels} in it would list them")
        if self.n_checks < self.selection.check:
            notices.append(
                f"{plural(self.n_checks, 'check example')} instead of {self.selection.check:,}: "
                f"more would be over half of the pool's {plural(len(self.pool.examples), 'text')}"
            )
        if 0 < self.n_checks < MIN_CHECKED:
            notices.append(f"fewer than {MIN_CHECKED} check examples tell nothing")
        if self.test is not None:
            notices += self.test.notices
            if n_held := self.pool.n_held_out:
                held = plural(n_held, "text of the pool is", "texts of the pool are")
                notices.append(f"{held} in {self.test.name}, and not asked")
            if len(self.test.texts) < MIN_CHECKED:
                notices.append(f"{self.test.name}: fewer than {MIN_CHECKED} texts tell nothing")
        return tuple(notices)

    @property
    def n_checks(self) -> int:
        """Check examples, as many as are wanted and no more than half of the pool."""
        return min(self.selection.check, len(self.pool.examples) // 2)

    def require_task(self) -> Task:
        """The task.

        Raises:
            UsageError: there are no labels, or only one.
        """
        if self.task is None:
            raise UsageError(
                "nobody has said what the labels are",
                hint="name them with --label NAME --label NAME, take them from a field with "
                "--labels-from FIELD, or write them into neufs.toml beside the pool",
            )
        if len(self.task.labels) < 2:
            raise UsageError(
                f"there is only one label, {self.task.labels[0].name!r}",
                hint="name at least two",
            )
        return self.task


def read_project(
    request: ProjectRequest,
    *,
    stdin: BinaryIO | None = None,
    check: Callable[[], None] = lambda: None,
) -> Project:
    """Read a pool and settle every question about it.

    A flag wins over the environment, that over `neufs.toml`, that over the session's settings
    of the last time, those over the user's configuration and the defaults.

    Args:
        request: the pool, and what was said about it.
        stdin: what `-` reads; None is the process's own standard input.
        check: called now and then; what it raises ends the reading.

    Raises:
        PoolError: the pool cannot be read, or lines of it.
        UsageError: a setting is wrong.
        SessionError: the session file is none.
    """
    overrides = overrides_of(request)
    path = session_path(request)
    last = _last_session(path)
    config = load_config(request.source, overrides, remembered=last.remembered)
    pool = read_pool(
        request.source,
        text_field=config.text_field,
        encoding=config.encoding,
        last_encoding=last.pool.encoding if last.pool else None,
        skip_bad_lines=request.skip_bad_lines,
        stdin=stdin,
        check=check,
    )
    given = given_labels(pool, request.given, request.given) if request.given is not None else None
    before = last.settings.task.label_names if last.settings else ()
    gold = None
    if request.labels_from is not None:
        known = [*(config.task.label_names if config.task else ()), *before]
        gold = gold_labels(pool, request.labels_from, known=known, given=last.given)
    elif config.task is None:
        gold = given.labels() if given is not None else request.labels_else
    if gold is not None:
        overrides = replace(overrides, labels=gold.names)
        config = load_config(request.source, overrides, remembered=last.remembered)
    test = None
    if config.selection.test and config.task is not None:
        test = read_live_test(
            config.selection,
            config.task,
            text_field=config.text_field,
            encoding=config.encoding,
            decided=last.decided,
        )
        pool = pool.without(test.held)
    return Project(
        pool=pool,
        test=test,
        task=config.task,
        model=config.model,
        selection=config.selection,
        session_path=path,
        label_notices=gold.notices(before) if gold is not None else (),
        given=given,
        missing=last.missing,
        keys=config.keys,
        guidelines=config.guidelines,
    )


def open_session(project: Project, *, check: Callable[[], None] = lambda: None) -> Session:
    """Open the project's session for writing and bring it up to date.

    Args:
        project: the pool and what was said about it.
        check: called now and then; what it raises ends it, with the session as it was.

    Raises:
        SessionError: another process is labelling it, or the file is no session.
        UsageError: a label that was given is not among the task's labels any more.
    """
    session = Session.open(project.session_path, write=True)
    try:
        task = project.require_task()
        require_labels(task, (one.answer for one in session.decisions()))
        refuse_another_pool(project, session)
        session.merge_pool(project.pool, check)
        session.save_settings(SessionSettings(task, project.model, project.selection))
    except BaseException:
        session.close()
        raise
    return session


def require_labels(task: Task, answers: Iterable[Answer | None]) -> None:
    """See to it that the task has all labels in use; None stands for a skip.

    Raises:
        UsageError: a label that was given is not among the task's.
    """
    if missing := sorted(
        {name for answer in answers if answer for name in answer.labels} - {*task.label_names}
    ):
        for given in missing:
            clash = first_clash([given, *task.label_names])
            if clash is not None and clash[0] == given:
                named = clash[1]
                raise UsageError(
                    f"labels were given as {told_apart(given, named)}, and the task names "
                    f"{told_apart(named, given)}: they differ only in Unicode form, case or outer "
                    "blanks",
                    # JSON's escapes are TOML's too
                    hint=f"write {json.dumps(given)} in its place in neufs.toml, or name it so "
                    "with --label",
                )
        raise UsageError(
            f"{plural(len(missing), 'label')} in use would be lost: "
            + ", ".join(repr(name) for name in missing),
            hint="name them too, with --label or in neufs.toml, or label into another file with "
            "--session FILE",
        )


def refuse_another_pool(project: Project, session: Session) -> None:
    """See to it that a session was made on this pool: then a text it decides on is in the pool.

    `pool.csv` and `pool.jsonl` share a session file, and so do all pools that come through
    standard input in one folder.

    Raises:
        SessionError: none is.
    """
    decided = {decision.example_id for decision in session.decisions()}
    if decided and decided.isdisjoint(example.id for example in project.pool.examples):
        raise SessionError(
            f"{project.session_path} holds labels of another pool, none of whose texts is in "
            f"{project.pool.source}",
            hint="keep this pool's labels in a file of their own with --session FILE",
        )


def task_by_now(request: ProjectRequest, session: Session) -> Task | None:
    """What `label` would ask now; the pool need not be there. None when nobody has said.

    Raises:
        UsageError: a setting is wrong.
    """
    remembered = LastSession(session.settings()).remembered
    return load_config(request.source, overrides_of(request), remembered=remembered).task


def last_task(request: ProjectRequest) -> Task | None:
    """What `label` would ask now, whether there is a session yet or not; None when nobody has said.

    Raises:
        UsageError: a setting is wrong.
        SessionError: the session file is none.
    """
    remembered = _last_session(session_path(request)).remembered
    return load_config(request.source, overrides_of(request), remembered=remembered).task


def decisions_of(project: Project) -> tuple[Decision, ...]:
    """What holds in the project's session, as the engine takes it; nothing without one.

    Raises:
        SessionError: the file is no session.
    """
    if not project.session_path.exists():
        return ()
    with Session.open(project.session_path, write=False) as session:
        return as_unlabelled(session.decisions())


def stored_of(
    project: Project, example_id: ExampleId
) -> tuple[LabelledExample | None, Explanation | None]:
    """An example's label that holds, with what was known then, and what the panel said with it.

    Raises:
        SessionError: the file is no session.
    """
    if not project.session_path.exists():
        return None, None
    with Session.open(project.session_path, write=False) as session:
        found = (one for one in session.all_labelled() if one.example.id == example_id)
        return next(found, None), session.panels.of(example_id)


def _last_session(path: Path) -> LastSession:
    if not path.is_file():
        return LastSession()
    with Session.open(path, write=False) as session:
        decisions = session.decisions()
        answers = [one.answer for one in decisions if one.answer is not None]
        given = dict.fromkeys(name for answer in answers for name in answer.labels)
        return LastSession(
            session.settings(),
            session.pool(),
            tuple(given),
            frozenset(one.example_id for one in decisions),
            session.missing,
        )


def _names_a_label(task: Task) -> bool:
    instruction = system_message(task)
    return any(name in instruction for name in task.label_names)
