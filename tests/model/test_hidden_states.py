"""Hidden states against those of a whole forward pass, by every way of reading."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.hidden_states import DEPTH, projection
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.ways import Way
from tests.models import load_tiny
from tests.tiny import CORPUS, FAMILIES

TASK = Task(labels=(Label("good"), Label("not good")), input="Text: {text}\nAnswer:")
TEXTS = [*CORPUS[:5], "a", "a longer text, so that the lengths differ from one another", ""]


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp(request.param), request.param)


def encoder_of(loaded: LoadedModel) -> PromptEncoder:
    return PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)


def obvious(loaded: LoadedModel, ids: tuple[int, ...], text: tuple[int, int]) -> np.ndarray:
    """Both vectors, from the model's own list of hidden states."""
    depth = int(DEPTH * loaded.architecture.n_layers)
    assert depth < loaded.architecture.n_layers  # the last of the list is behind the final norm
    with torch.no_grad():
        output = loaded.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    states = output.hidden_states[depth][0].double()
    states = states / states.pow(2).mean(dim=1, keepdim=True).sqrt()
    mean = states[slice(*text)].mean(dim=0) if text[0] < text[1] else states[-1]
    both = torch.stack([states[-1], mean]) @ projection(states.shape[1]).double()
    return both.numpy()


@pytest.mark.parametrize("way", ["tree", "expanded", "plain", None])
@pytest.mark.parametrize("chunk", [1024, 7])
def test_every_way_gives_what_a_whole_pass_gives(
    loaded: LoadedModel, way: Way | None, chunk: int
) -> None:
    if way == "tree" and loaded.ways.way(100, 3) != "tree":
        pytest.skip("this family is not read so")
    encoder = encoder_of(loaded)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings(), way=way, chunk=chunk)
    runner.share(encoder.shared_prefix())
    prompts = [encoder.prompt(text) for text in TEXTS]
    for prompt, capture in zip(prompts, runner.capture(prompts), strict=True):
        assert prompt.text is not None
        assert capture.hidden.dtype == np.float16
        slow = obvious(loaded, prompt.ids, prompt.text)
        np.testing.assert_allclose(capture.hidden, slow, atol=3e-3 * np.abs(slow).max())


def test_the_text_is_where_the_prompt_says(loaded: LoadedModel) -> None:
    encoder = encoder_of(loaded)
    for text in CORPUS[:5]:
        prompt = encoder.prompt(text)
        assert prompt.text is not None
        words = loaded.tokenizer.decode(prompt.ids[slice(*prompt.text)])
        # what stands beside the text may share a token with its first or last letters
        assert text[8:-8] in words
        assert "Answer" not in words


def test_nothing_is_kept_behind_demonstrations(loaded: LoadedModel) -> None:
    encoder = encoder_of(loaded)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    shown = [Demonstration("a text", "good")]
    (capture,) = runner.capture([encoder.prompt("another", shown)])
    assert capture.hidden.shape == (0, 256)


@given(st.integers(0, 2**32 - 1))
def test_the_projection_keeps_lengths_nearly(seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(8, 900))
    kept = np.linalg.norm(vectors @ projection(900).numpy(), axis=1)
    assert np.all(np.abs(kept / np.linalg.norm(vectors, axis=1) - 1) < 0.3)
