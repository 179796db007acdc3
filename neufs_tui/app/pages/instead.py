"""What stands in the middle of the screen while there is no example to show."""

from __future__ import annotations

from textwrap import wrap

from textual.content import Content

from neufs_tui.app.keys import COMMANDS
from neufs_tui.app.pages.startup import Loading
from neufs_tui.core.counts import Counts
from neufs_tui.core.prompts import system_message
from neufs_tui.core.records import Task
from neufs_tui.core.text import one_line, plural, visible
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Waiting
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.wording.sentences import export_command
from neufs_tui.wording.status import scan_parts

_HEADING = "bold $text"
_QUIET = "$foreground-muted"
_KEY = "bold $accent"

_TERMS = (
    ("stands for", "examples of its group: nearer to its centre than to any label"),
    ("typical", "near that centre; of the others in the group, fewer are nearer than farther"),
    ("harder", "than others in the group; by default how close the two likeliest labels are"),
    ("read with", "how many of your labels the model had in its prompt"),
    ("neuron", "a place in a feed-forward layer of the model that pushes towards its answer"),
    ("new", "among its strongest neurons, and among those of no labelled example"),
    ("median, rank", "of the new neurons of scanned examples without a decision"),
    ("by layer", "where in the model its new neurons are, first to last"),
    ("L3.101 +.4", "a new neuron and what it pushes towards the model's answer"),
    ("up, down", "tokens it makes likelier and less likely; not its meaning"),
    ("strongest in", "the labelled example in which that neuron pushes most"),
    ("ranked …", "labels that the choice does not know: given since, or not scanned by then"),
)


def instead(loop: LabellingLoop | None, loading: Loading, failure: tuple[str, str]) -> Content:
    """What stands where the text would.

    Args:
        loop: where the annotator is; None until the session is open.
        loading: how far the start is.
        failure: message and hint of what stopped the engine.
    """
    waiting = loop.waiting if loop else None
    if loop is not None and waiting is Waiting.FINISHED:
        return _finished(loop.counts, command(loop.workspace))
    if loop is not None and waiting is Waiting.SCANNING:
        scan = " · ".join(scan_parts(loop.engine.scan)) if loop.engine.scan else ""
        sentence = "Every scanned example is decided; the scan goes on."
        return Content.assemble(sentence, "\n", (scan, _QUIET))
    if waiting is Waiting.FAILED:
        return _failed(*failure)
    if waiting is Waiting.CHOOSING:
        return Content("Choosing the next example …")
    return _loading(loading.lines())


def guide(task: Task | None, width: int) -> Content:
    """Every key, the task, the labels in full, and what the numbers mean.

    Args:
        task: what is asked; None before it is known.
        width: cells a line may have.
    """
    wide = max(len(command.shown) for command in COMMANDS)
    keys = [("1 2 3 …", "give the label printed beside the key")]
    keys += [(command.shown, command.what) for command in COMMANDS]
    keys += [("ctrl+p", "every action by name, and the colours")]
    parts: list[Content | str | tuple[str, str]] = [("Keys\n", _HEADING)]
    parts += [_key(key, what, wide, line=width) for key, what in keys]
    if task is not None:
        parts += _task(task)
    parts += [("\nThe lines under the text\n", _HEADING)]
    parts += [_key(term, meaning, wide, line=width) for term, meaning in _TERMS]
    return Content.assemble(*parts)


def _loading(lines: list[str]) -> Content:
    """The parts of the start, the one under way last."""
    done = [Content.styled(line, _QUIET) for line in lines[:-1]]
    return Content("\n").join([*done, Content(lines[-1])])


def _failed(message: str, hint: str) -> Content:
    """The engine is off before it chose anything."""
    return Content.assemble(
        (visible(message), _HEADING),
        "\n",
        Content(f"\n{visible(hint)}\n" if hint else ""),
        "\n",
        _key("enter", "label in file order, without the model"),
        _key("q", "quit"),
    )


def command(workspace: Workspace) -> str:
    """The command that writes this session's few-shot set."""
    return export_command(workspace.pool_name, workspace.session_name)


def _finished(counts: Counts, export: str) -> Content:
    return Content.assemble(
        (f"Nothing is left to label: {plural(counts.pool, 'example')} decided.", _HEADING),
        "\n\n",
        f"{counts.labelled:,} labelled, {counts.skipped:,} skipped.",
        "\n\n",
        (export, _KEY),
        " writes the few-shot set.",
    )


def _task(task: Task) -> list[Content | str | tuple[str, str]]:
    parts: list[Content | str | tuple[str, str]] = [("\nTask\n", _HEADING)]
    parts += [Content(visible(system_message(task))), "\n"]
    if "{labels}" in task.instruction:
        return parts  # they stand in it
    parts += [("\nLabels\n", _HEADING)]
    for label in task.labels:
        definition = f" — {one_line(label.definition)}" if label.definition else ""
        parts += [Content.assemble((one_line(label.name), "bold"), Content(definition)), "\n"]
    return parts


def _key(key: str, meaning: str, width: int = 5, *, line: int = 80) -> Content:
    """A key and its meaning, which keeps its indent where it takes more than one line."""
    lines = wrap(meaning, max(20, line - width - 2))
    indented = ("\n" + " " * (width + 2)).join(lines)
    return Content.assemble((key.ljust(width), _KEY), "  ", indented, "\n")
