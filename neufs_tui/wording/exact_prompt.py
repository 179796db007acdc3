"""The exact prompt in words: what its parts are called, what they cost, how labels are scored."""

from __future__ import annotations

import json
from collections.abc import Callable

from neufs_tui.core.exact_prompt import ExactPrompt, PromptPart, ScoredLabel
from neufs_tui.core.records import ExampleId
from neufs_tui.core.text import one_line, plural, visible
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.wording.sentences import model_name

_NAMES = {
    "beginning": "beginning",
    "instruction": "instruction",
    "text": "the text",
    "answer": "up to the answer",
}
SCORED = "The labels as they are scored behind it"
"""Heads the labels' tokens."""
NO_MODEL = "there is no model to make a prompt for"
NO_EXAMPLE = "there is no example to make a prompt of"
"""What answers the key that asks for it then."""


def heading(name: str) -> str:
    """Heads the prompt of an example that is called so."""
    return f"What the model reads for {one_line(name)}"


def waiting(state: EngineState, model: str, *, is_loaded: bool) -> str:
    """What is said until the prompt is there.

    Args:
        state: of the engine.
        model: its name.
        is_loaded: it has loaded the model.
    """
    if state is EngineState.GONE:
        return "The engine is off: without the model there is no prompt."
    if state is EngineState.RESTARTING:
        return "The engine starts again; the prompt comes when it is back."
    if not is_loaded:
        return f"{model_name(one_line(model))} is loading; the prompt comes when it is there."
    return "Asking the model …"


def part_name(part: PromptPart, prompt: ExactPrompt, name: Callable[[ExampleId], str]) -> str:
    """What a part is: of a demonstration which example, with its label.

    Args:
        part: one of the prompt's.
        prompt: the prompt.
        name: what an example is called.
    """
    if part.demonstration is None:
        return _NAMES[part.kind]
    example_id, label = prompt.shown[part.demonstration]
    return f"{part.demonstration + 1:,}. {one_line(name(example_id))}: {one_line(label)}"


def told(prompt: ExactPrompt) -> tuple[str, ...]:
    """How long a prompt is, what labels take of it, and what is left out."""
    cut = ("the text is read without its middle, which does not fit",) if prompt.truncated else ()
    return (_size(prompt), _room_for_labels(prompt), *cut)


def _size(prompt: ExactPrompt) -> str:
    """How long it is, and how much longer it could be."""
    return (
        f"{prompt.n_tokens:,} of the context window's {plural(prompt.window.size, 'token')}; "
        f"{prompt.n_left:,} left beside the answer"
    )


def _room_for_labels(prompt: ExactPrompt) -> str:
    """What instruction and demonstrations take of what they may, and what had to leave."""
    parts = zip(prompt.parts, prompt.ends, strict=True)
    taken = max((end for part, end in parts if part.kind not in ("text", "answer")), default=0)
    n_shown, n_out = len(prompt.shown), prompt.n_labels - len(prompt.shown)
    what = f"instruction and {plural(n_shown, 'label')} take" if n_shown else "instruction takes"
    out = f"; the oldest {plural(n_out, 'label')} had to leave" if n_out else ""
    return f"{what} {taken:,} of at most {prompt.window.for_demonstrations:,} tokens{out}"


def pieces(label: ScoredLabel) -> str:
    """A label's tokens, each in quotes."""
    return " ".join(visible(json.dumps(one.text, ensure_ascii=False)) for one in label.pieces)
