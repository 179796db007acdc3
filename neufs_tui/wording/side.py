"""What stands beside the text where there is room: why, the gap, the last answers, the labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.text import one_line, visible
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.progress import standing
from neufs_tui.wording.gap import keywords, layer_strip, sentence
from neufs_tui.wording.reasons import why_shown
from neufs_tui.wording.sentences import share
from neufs_tui.wording.standing import finish

_STRIP = 20
"""Cells for the layers side by side."""
_LAST = 5
"""Answers that are listed."""
_EXAMPLES = 2
"""Labelled examples of each label."""
_MOST_LABELS = 8
"""Labels beyond which examples of them would fill the panel."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    heading: str
    prose: str = ""
    """Read as sentences."""
    rows: tuple[str, ...] = ()
    """A line each."""


def side_sections(loop: LabellingLoop) -> tuple[Section, ...]:
    """What there is to say at the moment, the most important first; nothing stands for itself."""
    labelled = loop.told_labelled
    sections = [
        _set(loop),
        Section("why", prose=why_shown(loop)),
        *(_gap(loop), _alike(loop), _nearest(loop), _last(labelled)),
    ]
    task = loop.workspace.task
    if len(task.labels) <= _MOST_LABELS:
        shown = [one for one in reversed(labelled) if one.is_shot]
        sections += [Section(one_line(one), rows=texts_of(shown, one)) for one in task.label_names]
    sections.append(Section("guidelines", prose=plain(loop.workspace.guidelines)))
    return tuple(one for one in sections if one.prose or one.rows)


def _set(loop: LabellingLoop) -> Section:
    """What the labels are as a set, from as many on as were wanted."""
    if loop.counts.n_labels < loop.workspace.selection.shots:
        return Section("")
    return Section("your set", prose=finish(standing(loop)))


def _gap(loop: LabellingLoop) -> Section:
    known = loop.questions.explanation
    if loop.shown is None or known is None:
        return Section("")
    by_layer = known.gap.by_layer
    strip = f"0 |{layer_strip(by_layer, _STRIP)}| {len(by_layer) - 1}"
    rows = (strip,) if known.gap.size else ()
    return Section("the gap", prose=sentence(known), rows=rows)


def _alike(loop: LabellingLoop) -> Section:
    """What the texts are about that share the gap, and two of them."""
    known = loop.questions.explanation
    if loop.shown is None or known is None or not known.alike:
        return Section("")
    examples = loop.workspace.examples
    texts = [one_line(examples[one].text) for one in known.alike if one in examples]
    rows = tuple(f"· {text}" for text in texts)
    return Section("others with it", prose=keywords(known), rows=rows)


def _nearest(loop: LabellingLoop) -> Section:
    """The labelled example whose neurons are most alike, with its label."""
    known = loop.questions.explanation
    near = known.overlap if loop.shown is not None and known is not None else None
    found = (one for one in loop.position.labelled if near and one.example.id == near.example_id)
    if near is None or (one := next(found, None)) is None:
        return Section("")
    said = f"#{one.example.number:,} {one_line(one.answer.text)} · distance {near.distance:.2f}"
    return Section("nearest label", rows=(said, f"· {one_line(one.example.text)}"))


def _last(labelled: Sequence[LabelledExample]) -> Section:
    hers = [one for one in labelled if not one.given]
    return Section("last answers", rows=tuple(_answered(one) for one in hers[: -1 - _LAST : -1]))


def _answered(one: LabelledExample) -> str:
    """An answer, and the model's where it is another."""
    said = f"#{one.example.number:,} {one_line(one.answer.text)}"
    if one.pick is None or one.pick.answer is None or one.pick.answer == one.answer.text:
        return said
    of = one.pick.probabilities.get(one.pick.answer)
    return f"{said} · model: {one_line(one.pick.answer)}{f' {share(of)}' if of is not None else ''}"


def plain(markdown: str) -> str:
    """Markdown as plain lines, without its signs; made to be read, not to be exact.

    >>> plain("# Rules\\n\\n- **spam**: also `chain` letters")
    'Rules\\n- spam: also chain letters'
    """
    lines = (re.sub(r"^#+\s*|[*_`]{1,3}", "", line) for line in visible(markdown).splitlines())
    return "\n".join(line for line in lines if line.strip())


def texts_of(labelled: Iterable[LabelledExample], name: str) -> tuple[str, ...]:
    """The first texts with some label, a line each."""
    found = islice((one for one in labelled if name in one.answer.labels), _EXAMPLES)
    return tuple(f"· {one_line(one.example.text)}" for one in found)
