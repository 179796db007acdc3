"""The exact prompt in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.core.exact_prompt import (
    ExactPrompt,
    PartKind,
    PromptPart,
    PromptWindow,
    ScoredLabel,
    Stretch,
)
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.wording.exact_prompt import part_name, pieces, told, waiting


def part(kind: PartKind, n: int, demonstration: int | None = None) -> PromptPart:
    return PromptPart(kind, (Stretch(tuple(range(n)), "x" * n),), demonstration)


PROMPT = ExactPrompt(
    example_id="t",
    parts=(
        part("beginning", 30),
        part("demonstration", 20, 0),
        part("text", 8),
        part("answer", 2),
    ),
    shown=(("one", "yes"),),
    n_labels=1,
    truncated=False,
    candidates=(),
    window=PromptWindow(1000, 990, 742),
)


def test_length_and_room_are_told() -> None:
    assert told(PROMPT) == (
        "60 of the context window's 1,000 tokens; 930 left beside the answer",
        "instruction and 1 label take 50 of at most 742 tokens",
    )


def test_without_labels_the_instruction_alone_is_counted() -> None:
    alone = replace(PROMPT, parts=PROMPT.parts[:1] + PROMPT.parts[2:], shown=(), n_labels=0)
    assert told(alone)[1] == "instruction takes 30 of at most 742 tokens"


def test_what_is_left_out_is_told() -> None:
    _, room, cut = told(replace(PROMPT, n_labels=3, truncated=True))
    assert room.endswith("; the oldest 2 labels had to leave")
    assert "without its middle" in cut


def test_a_demonstration_is_called_by_its_example_and_label() -> None:
    names = [part_name(one, PROMPT, str.upper) for one in PROMPT.parts]
    assert names == ["beginning", "1. ONE: yes", "the text", "up to the answer"]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("yes",), '"yes"'),
        (("no", " way"), '"no" " way"'),
        (("a\n", "\x1b", '"'), '"a\\n" "\\u001b" "\\""'),
        (("né", "\x9b"), '"né" "\\x9b"'),
    ],
)
def test_pieces_of_a_label_are_told_apart(texts: tuple[str, ...], said: str) -> None:
    label = ScoredLabel("label", tuple(Stretch((1,), text) for text in texts))
    assert pieces(label) == said


@pytest.mark.parametrize(
    ("state", "is_loaded", "said"),
    [
        (EngineState.LOADING, False, "tiny.gguf is loading"),
        (EngineState.LOADING, True, "Asking the model"),
        (EngineState.RUNNING, True, "Asking the model"),
        (EngineState.RESTARTING, True, "starts again"),
        (EngineState.GONE, False, "The engine is off"),
    ],
)
def test_what_is_waited_for_is_said(state: EngineState, is_loaded: bool, said: str) -> None:
    assert said in waiting(state, "/models/tiny.gguf", is_loaded=is_loaded)
