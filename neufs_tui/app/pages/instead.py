"""What stands in the middle of the screen while there is no example to show."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.binding import Binding
from textual.content import Content

from neufs_tui.app.pages.startup import Loading
from neufs_tui.core.counts import Counts
from neufs_tui.core.text import plural
from neufs_tui.engine.protocol import ScanProgressed
from neufs_tui.wording.standing import lacking
from neufs_tui.wording.status import scan_parts

_HEADING = "bold $text"
_QUIET = "$foreground-muted"
_KEY = "bold $accent"

_TERMS = (
    ("like … others", "examples of its group: nearer to its centre than to any label"),
    ("(word · word)", "what the texts that share most of its gap say much oftener than the pool"),
    ("unsure", "its two likeliest labels are closer than those of most of the group"),
    ("gap", "of the neurons that push most towards its answer, those of no labelled example"),
    ("layers", "where in the model they are, first to last; most of them in those that are named"),
    (
        "likely …",
        "by how much, from your labels; where these tell nothing yet, by the model's answer",
    ),
    ("accepted", "suggestions you took as they were: no labels, in no prompt, export or figure"),
    (
        "about …",
        "what the labels still wanted take at your pace; a minute of a text at most counts",
    ),
    ("checked", "drawn at random to measure, never in the prompt; (.58–.82) is a 95% interval"),
    ("chosen …", "how many of your labels the choice knows; the last ones come to it a bit later"),
    ("read again", "the model reads the pool anew with your labels in its prompt"),
)


def loading(part: Loading) -> Content:
    """The part of the start that is under way."""
    return Content(f"{part} …")


def choosing() -> Content:
    """The next ranking is on its way."""
    return Content("Choosing the next example …")


def scanning(scan: ScanProgressed | None) -> Content:
    """Every example scanned so far is decided."""
    parts = " · ".join(scan_parts(scan)) if scan else ""
    sentence = "Every scanned example is decided; the scan goes on."
    return Content.assemble(sentence, "\n", (parts, _QUIET))


def finished(counts: Counts, export: str, *, offer: str) -> Content:
    """Every example is decided.

    Args:
        counts: how.
        export: the command that writes the few-shot set.
        offer: the key that has skipped examples offered again.
    """
    lacks = lacking(counts.by_class)
    return Content.assemble(
        (f"Nothing is left to label: {plural(counts.pool, 'example')} decided.", _HEADING),
        "\n\n",
        f"{counts.labelled:,} labelled, {counts.skipped:,} skipped",
        f", {plural(counts.accepted, 'suggestion')} accepted" if counts.accepted else "",
        f", but {lacks}." if lacks else ".",
        Content.assemble("\n\n", (offer, _KEY), " brings back the skipped.")
        if counts.skipped
        else "",
        "\n\n",
        (export, _KEY),
        " writes the few-shot set.",
    )


def keys_and_words(commands: Sequence[Binding], width: int) -> Content:
    """Every key, and what the words on the screen mean.

    Args:
        commands: what the keys do, each with how its keys are written.
        width: cells a line may have.
    """
    keys = [(command.key_display or "", command.tooltip) for command in commands]
    wide = max((len(written) for written, _ in keys), default=0)
    parts: list[Content | str | tuple[str, str]] = [("Keys\n", _HEADING)]
    parts += [_key(written, what, wide, line=width) for written, what in keys]
    parts += [("\nThe lines under the text\n", _HEADING)]
    parts += [_key(term, meaning, wide, line=width) for term, meaning in _TERMS]
    return Content.assemble(*parts)


def _key(key: str, meaning: str, width: int = 5, *, line: int = 80) -> Content:
    """A key and its meaning, which keeps its indent where it takes more than one line."""
    lines = wrap(meaning, max(20, line - width - 2))
    indented = ("\n" + " " * (width + 2)).join(lines)
    return Content.assemble((key.ljust(width), _KEY), "  ", indented, "\n")
