"""A prefix that was extended and shortened equals one read from scratch."""

from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.prefix import PromptPrefix, common_beginning
from tests.captures import assert_same
from tests.models import load_tiny
from tests.tiny import CORPUS

TASK = Task(
    labels=(Label("yes"), Label("no, not at all")),
    instruction="Say whether this asks for something:\n{labels}",
)
DEMONSTRATIONS = [Demonstration(f"{number}", TASK.labels[number % 2].name) for number in range(20)]


@pytest.fixture(scope="module", params=["llama", "qwen3", "gpt2", "gemma"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp(request.param), request.param, window=1024)


def test_every_length_of_prefix_gives_the_log_probabilities_of_a_whole_prompt(
    loaded: LoadedModel,
) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    extended = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    whole = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    read = []
    steps = [*range(21), 19, 7, 8, 0]  # labels one by one, then undo, also of many, and a label
    for n in steps:
        shown = DEMONSTRATIONS[:n]
        read.append(extended.share(encoder.shared_prefix(shown)))
        prompts = [encoder.prompt(text, shown) for text in CORPUS[:2]]
        assert_same(extended.capture(prompts), whole.capture(prompts), neurons=False)
    for place, n in enumerate(steps[1:21], start=1):
        shorter = encoder.shared_prefix(DEMONSTRATIONS[: n - 1])
        longer = encoder.shared_prefix(DEMONSTRATIONS[:n])
        assert longer[: len(shorter)] == shorter
        assert read[place] == len(longer) - len(shorter)
    assert read[21:23] == [0, 0]
    assert read[24] == 0


def test_another_label_for_an_earlier_example_is_read_from_there(loaded: LoadedModel) -> None:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prefix = PromptPrefix(loaded, mask_pad_tokens=False, chunk=1024)
    before = encoder.shared_prefix(DEMONSTRATIONS[:4])
    changed = [*DEMONSTRATIONS[:2], Demonstration("2", "no, not at all"), DEMONSTRATIONS[3]]
    after = encoder.shared_prefix(changed)
    assert prefix.become(before) == len(before)
    assert prefix.become(after) == len(after) - len(common_beginning([before, after]))
    assert prefix.ids == after and len(prefix) == len(after)


def test_a_prefix_read_in_pieces_is_the_same(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in CORPUS]
    captures = []
    for chunk in (1024, 5):
        runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings(), chunk=chunk)
        runner.share(encoder.shared_prefix())
        captures.append(runner.capture(prompts))
    assert_same(*captures, neurons=False)
