"""Do an explanation's bars add up to what the FFNs put out?

    python benchmarks/bars.py [POOL] [-n ROWS] [--model MODEL] [--dtype DTYPE ...]

Each row is explained by five labelled ones, as the screen does it. The sum of its bars is compared
with the FFNs' outputs in a separate pass over the whole prompt, biases aside, as they arrive in the
residual stream, projected on the answer's tokens: once as the layers put them out, rounded to the
model's precision, and once with the down-projection of the same pass's inputs computed in float64.
Errors are relative to that projected output, and to what the layers push either way, the sum of
|push of a layer|: the output is what is left of pushes towards the answer and away, and where they
nearly cancel, what bfloat16 has rounded in each layer is large beside it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from inputs import SAMPLE, examples_of, label_names, load, read_rows
from rich.console import Console
from rich.table import Table

from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Label,
    Task,
)
from neufs_tui.core.settings import CaptureSettings, ModelChoice, SelectionSettings
from neufs_tui.engine.explaining import Explainer
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import watched
from neufs_tui.model.pushes import Pushes

N_LABELLED = 5


@torch.inference_mode()
def projected(loaded: LoadedModel, prompt: list[int], answer: list[int]) -> np.ndarray:
    """Each layer's FFN output on the answer's tokens: as put out, and from its inputs in float64.

    Returns:
        Shape (2, n_layers).
    """
    architecture = loaded.architecture
    places = torch.arange(len(prompt) - 1, len(prompt) - 1 + len(answer))
    with watched(architecture, places) as seen:
        loaded.model(input_ids=torch.tensor([prompt + answer], device=loaded.model.device))
    rows = architecture.token_rows(answer).double()
    pushes = Pushes(architecture, answer)
    found = np.zeros((2, architecture.n_layers))
    for layer, here in enumerate(seen.recorder.activations()):
        for number, ffn in enumerate(architecture.ffns[layer]):
            wrote = seen.written(architecture, (layer, number)).to(rows)
            found[0, layer] += float((wrote * rows * ffn.arrival.gain).sum())
        own = pushes.of(layer, torch.arange(len(answer)), here.experts)
        found[1, layer] = float((here.values.double() * own).sum())
    return found


def errors(loaded: LoadedModel, rows: list[dict[str, str]], folder: Path) -> np.ndarray:
    """Errors of the bars' sum, shape (rows, kind of output, relative to what)."""
    examples = examples_of(row["text"] for row in rows)
    names = label_names(rows)
    config = EngineConfig(
        examples=examples,
        task=Task(tuple(map(Label, names))),
        model=ModelChoice(loaded.name),
        cache_dir=folder,
        capture=CaptureSettings(),
        selection=SelectionSettings(),
    )
    scanner = Scanner(config, loaded)
    list(scanner.run())
    scanner.close()
    explainer = Explainer(config, scanner)
    labelled = [
        Decision(example.id, DecisionKind.LABEL, Answer(str(row["label"])))
        for example, row in zip(examples[:N_LABELLED], rows, strict=False)
    ]
    found = []
    for example in examples[N_LABELLED:]:
        *_, explanation = explainer.explain(example.id, labelled)
        assert explanation is not None  # all are scanned
        answer = scanner.encoder.candidates[names.index(explanation.answer)]
        prompt = scanner.encoder.prompt(example.text).ids
        pushes = projected(loaded, list(prompt), list(answer))
        sums = pushes.sum(axis=1)
        scales = np.stack([np.abs(sums), np.abs(pushes).sum(axis=1)], axis=1)
        found.append(np.abs(explanation.total - sums)[:, None] / scales)
    return np.array(found)


def main() -> None:
    """Print the errors for each precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", nargs="?", type=Path, default=SAMPLE / "test.jsonl")
    parser.add_argument("-n", type=int, default=50, help="rows explained")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--dtype", nargs="+", default=["float32", "bfloat16"])
    arguments = parser.parse_args()
    rows = read_rows(arguments.pool)[: arguments.n + N_LABELLED]
    table = Table(
        title=f"{arguments.pool}, {len(rows) - N_LABELLED} explained, {Path(arguments.model).name}"
    )
    for heading in ("", "against", "median", "worst", "of either way", "worst"):
        table.add_column(heading, justify="right")
    for dtype in arguments.dtype:
        loaded = load(arguments.model, dtype=dtype)
        with tempfile.TemporaryDirectory() as folder:
            found = errors(loaded, rows, Path(folder))
        for against, kind in (("as put out", 0), ("in float64", 1)):
            columns = found[:, kind].T
            cells = [f"{of(column):.1e}" for column in columns for of in (np.median, np.max)]
            table.add_row(dtype, against, *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
