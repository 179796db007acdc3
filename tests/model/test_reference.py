"""Parity with the recorded outputs of the reference implementation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import REFERENCE_CAPTURE
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from tests.models import load

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def embedded(embedded_models_dir: Path) -> LoadedModel:
    return load("smollm2-135m", embedded_models_dir)


def recorded_task(rows: list[dict]) -> tuple[Task, list[str]]:
    """The recorded chat as a task of this project, and the texts it was made of."""
    before, after = "<text>", "</text> Is this text contains the explanation relation?"
    texts = [row["messages"][1]["content"][len(before) : -len(after)] for row in rows]
    task = Task(
        labels=(Label("Without Explanation"), Label("With Explanation")),
        instruction=rows[0]["messages"][0]["content"],
        input=before + "{text}" + after,
        answer_prefix="<answer>",
    )
    return task, texts


def overlaps(runner: CaptureRunner, prompts: list[EncodedPrompt], recorded: dict) -> list[float]:
    """Jaccard similarity of the (position, neuron) entries, for each row and layer."""
    similarities = []
    for start in range(0, len(prompts), 6):
        for row, ours in enumerate(runner.entries(prompts[start : start + 6]), start):
            part = slice(recorded["offset"][row], recorded["offset"][row + 1])
            theirs = recorded["position"][part].astype(int) * 1536 + recorded["neuron"][part]
            layers = recorded["layer"][part]
            for layer in range(30):
                here = ours.neuron // 1536 == layer
                flat = ours.position[here] * 1536 + ours.neuron[here] % 1536
                shared = len(np.intersect1d(flat, theirs[layers == layer]))
                similarities.append(shared / (len(flat) + 2000 - shared))
    return similarities


def test_the_reference_is_reproduced_with_its_settings(shared: Path, embedded: LoadedModel) -> None:
    rows = json.loads((shared / "reference" / "capture_rows.json").read_text())
    recorded = dict(np.load(shared / "reference" / "capture.npz"))
    task, texts = recorded_task(rows)
    encoder = PromptEncoder(embedded.tokenizer, task, context_window=embedded.context_window)
    prompts = [encoder.prompt(text) for text in texts]
    runner = CaptureRunner(embedded, encoder.candidates, REFERENCE_CAPTURE)
    captures = [capture for prompt in prompts for capture in runner.capture([prompt])]
    answers = [task.label_names[capture.answer] for capture in captures]
    assert sum(answer == row["pred"] for answer, row in zip(answers, rows, strict=True)) >= 23
    entropies = [
        -float((capture.probabilities * np.log(capture.probabilities)).sum())
        for capture in captures
    ]
    assert np.abs(np.array(entropies) - [row["entropy"] for row in rows]).max() < 0.01
    assert np.median(overlaps(runner, prompts, recorded)) >= 0.99
    counts = [capture.neuron_count for capture in captures]
    recorded_counts = np.load(shared / "reference" / "selection_input.npz")["neuron_count"]
    np.testing.assert_allclose(counts, recorded_counts[: len(rows)], rtol=0.005)
    only_ours = replace(REFERENCE_CAPTURE, mask_pad_tokens=False)
    right_masks = CaptureRunner(embedded, encoder.candidates, only_ours)
    assert 0.96 < np.median(overlaps(right_masks, prompts[:4], recorded)) < 0.99
