"""The page of the exact prompt: its parts, what each costs, and the labels as they are scored."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from neufs_tui.core.exact_prompt import ExactPrompt, PromptPart
from neufs_tui.core.records import ExampleId
from neufs_tui.core.text import one_line, plural, visible
from neufs_tui.wording import exact_prompt as wording
from neufs_tui.wording.lines import ellipsis, spread

Parts = list[Content | str | tuple[str, str]]

_HEADING = "bold $text"
_PART = "bold $accent"
_QUIET = "$foreground-muted"
_SPECIAL = "$foreground-muted reverse"
_WIDEST_LABEL = 24


def page(prompt: ExactPrompt, name: Callable[[ExampleId], str], width: int) -> Content:
    """The whole prompt.

    Args:
        prompt: what the model reads.
        name: what an example is called.
        width: cells a line may have.
    """
    parts: Parts = [(f"{wording.heading(name(prompt.example_id))}\n", _HEADING)]
    parts += [(f"{sentence}\n", _QUIET) for sentence in wording.told(prompt)]
    parts += [("special tokens are ", _QUIET), (" so ", _SPECIAL), "\n"]
    for part, end in zip(prompt.parts, prompt.ends, strict=True):
        cost = f"{plural(part.n_tokens, 'token')}, {end:,} so far"
        line = spread([wording.part_name(part, prompt, name)], cost, width)
        parts += [(f"\n{line}\n", _PART), *_body(part)]
    parts += ["\n", (f"{wording.SCORED}\n", _HEADING), *_labels(prompt, width)]
    return Content.assemble(*parts)


def _body(part: PromptPart) -> Parts:
    """A part as it is read, with a sign for each line end that is its last."""
    end = len(part.text) - len(part.text.rstrip("\n"))
    parts: Parts = []
    for one in part.stretches:
        parts.append(Content.styled(visible(one.text), _SPECIAL if one.is_special else ""))
    shown = Content.assemble(*parts)
    return [shown[: len(shown) - end], ("⏎" * end, _QUIET), "\n"]


def _labels(prompt: ExactPrompt, width: int) -> Parts:
    longest = max(len(one_line(label.name)) for label in prompt.candidates)
    room = min(longest, _WIDEST_LABEL)
    parts: Parts = []
    for label in prompt.candidates:
        label_name = ellipsis(one_line(label.name), room)
        count = plural(len(label.pieces), "token")
        pieces = ellipsis(one_line(wording.pieces(label)), width - room - 14)
        parts += [f"{label_name:<{room}}", (f"{count:>11}   ", _QUIET), f"{pieces}\n"]
    return parts
