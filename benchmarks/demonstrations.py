"""What demonstrations are worth to a model on a labelled file, the sample's test set by default.

    python benchmarks/demonstrations.py [-k SHOTS] [-n DRAWS] [--model MODEL]

Each draw takes SHOTS of the labelled texts at random as demonstrations, in random order, and asks
the model for all the others. The baseline is the same model without demonstrations.
"""

from __future__ import annotations

import argparse
import random
import statistics

from inputs import SAMPLE, load, read_rows

from neufs_tui.core.records import Demonstration, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.project.config import Overrides, load_config

BATCH = 16


def accuracy(
    loaded: LoadedModel, task: Task, shown: list[Demonstration], asked: list[Demonstration]
) -> float:
    """Share of texts for which the model's answer is the label given."""
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    runner.share(encoder.shared_prefix(shown))
    right = 0
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        captures = runner.capture([encoder.prompt(one.text, shown) for one in batch])
        answers = [task.label_names[capture.answer] for capture in captures]
        right += sum(answer == one.answer for answer, one in zip(answers, batch, strict=True))
    return right / len(asked)


def main() -> None:
    """Print the accuracy without demonstrations, and mean and spread with them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", type=int, default=10, help="demonstrations")
    parser.add_argument("-n", type=int, default=12, help="draws")
    parser.add_argument("--model", default="smollm2-135m")
    arguments = parser.parse_args()
    task = load_config(str(SAMPLE / "pool.jsonl"), Overrides()).task
    assert task is not None
    labelled = [
        Demonstration(row["text"], row["label"]) for row in read_rows(SAMPLE / "test.jsonl")
    ]
    loaded = load(arguments.model)
    print(f"without demonstrations  {accuracy(loaded, task, [], labelled):.3f}")
    drawn = []
    for seed in range(arguments.n):
        shuffled = random.Random(seed).sample(labelled, len(labelled))
        drawn.append(accuracy(loaded, task, shuffled[: arguments.k], shuffled[arguments.k :]))
    print(
        f"with {arguments.k:2}                 {statistics.mean(drawn):.3f} "
        f"(sd {statistics.stdev(drawn):.3f}, {min(drawn):.3f} to {max(drawn):.3f}, "
        f"{len(drawn)} draws)"
    )


if __name__ == "__main__":
    main()
