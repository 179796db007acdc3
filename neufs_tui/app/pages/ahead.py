"""What comes next, as far as it can be told."""

from __future__ import annotations

from textual.content import Content

from neufs_tui.core.text import one_line
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.reasons import in_brief

_N = 5
_TEXT_LINES = 2
_QUIET = "$foreground-muted"


def coming(loop: LabellingLoop, width: int) -> Content:
    """The next five, each with why and how its text begins.

    Args:
        loop: where the annotator is.
        width: cells a line may have.
    """
    shown = loop.coming(_N)
    if not shown:
        return Content("Nothing is chosen yet: the model has not read enough to choose by.")
    parts: list[Content | str | tuple[str, str]] = [
        ("If you label this one, these would come next\n", "bold $text"),
        ("each label can change that; the model reads on meanwhile\n", _QUIET),
    ]
    n_labels = loop.counts.shots_here
    for place, (example, pick) in enumerate(shown, 1):
        text = one_line(example.text)
        lines = [line.plain.rstrip() for line in Content(text).wrap(width - 3)]
        if len(lines) > _TEXT_LINES:
            cut = " ".join(lines[_TEXT_LINES - 1 : _TEXT_LINES + 1])
            lines = [*lines[: _TEXT_LINES - 1], ellipsis(cut, width - 3)]
        why = in_brief(pick, n_labels=n_labels) if loop.tells_why else ""
        parts.append((f"\n{place}  #{example.number:,}", "bold"))
        parts.append((f"  {why}\n", _QUIET))
        parts += [f"   {line}\n" for line in lines]
    if loop.position.n_checks_left:
        parts.append(("\nCheck examples come in between, drawn at random.\n", _QUIET))
    return Content.assemble(*parts)
