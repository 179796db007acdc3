"""What was found in an export, compared with the set that was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neufs_tui.core.prompts import system_message, user_message
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import Format

Shot = tuple[str, str]
"""A text and its answer, as the format has them."""

PROBE = 'a probe: {x} {{y}} {% raw %} "quotes"\n\t{text} \\ 👩‍👩‍👧'
"""A text to ask about behind a prompt; it holds what templates act on."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an export holds; None where its format has no place for something."""

    shots: Sequence[Shot]
    system: str | None = None
    """The instruction; empty where the task has none."""
    question: str | None = None
    """The user turn that asks about `PROBE`."""
    labels: Sequence[str] | None = None
    """All labels of the task."""
    asked: Sequence[str] | None = None
    """The user turns of the requests."""
    tests: Sequence[Shot] | None = None


def require_same(form: Format, few_shot: FewShotSet, found: Found, reader: str) -> None:
    """Compare texts, labels and order with what was to be written.

    Args:
        form: the format.
        few_shot: what was written.
        found: what was read.
        reader: what read it, in messages.

    Raises:
        ExportError: something differs.
    """
    task = few_shot.task

    def turn(text: str) -> str:
        return user_message(task, text) if form.has_turns else text

    prefix = task.answer_prefix if form.has_turns else ""
    shots = [(turn(one.text), prefix + one.answer) for one in few_shot.demonstrations]
    _require("example", shots, found.shots, reader)
    whole = {
        "instruction": (system_message(task), found.system),
        "question": (turn(PROBE), found.question),
    }
    for what, (wanted, read) in whole.items():
        if read is not None:
            _require(what, [wanted], [read], reader)
    if found.labels is not None:
        _require("label", task.label_names, found.labels, reader)
    if found.asked is not None:
        _require("request", [turn(one.text) for one in few_shot.texts], found.asked, reader)
    if found.tests is not None:
        tests = [(turn(one.text), prefix + label) for one, label in few_shot.tests]
        _require("test", tests, found.tests, reader)


def _require(what: str, wanted: Sequence[object], found: Sequence[object], reader: str) -> None:
    if len(wanted) != len(found):
        raise _differs(f"{reader} finds {len(found):,} of {len(wanted):,}: {what}s are lost")
    for number, (one, other) in enumerate(zip(wanted, found, strict=True), start=1):
        if one != other:
            at = f"{what} {number:,}" if len(wanted) > 1 else f"the {what}"
            raise _differs(f"{reader} reads {at} as {_short(other)}, and it is {_short(one)}")


def _short(value: object) -> str:
    written = repr(value)
    return written if len(written) <= 100 else f"{written[:80]}… ({len(written):,} characters)"


def _differs(message: str) -> ExportError:
    return ExportError(message, hint="choose another format, and report this one")
