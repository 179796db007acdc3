"""From the start of `label` to the first text, and the time to quit, on a large pool.

    python benchmarks/first_text.py [-n RUNS] [--rows ROWS] [--labels LABELS]

Runs in a pseudo-terminal, without a model, on a new session and on an old one with labels. The
baseline is the same on a pool of 100 rows: whatever the size of a pool, nothing may come later
than there but the moment from which labels are taken.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from screen import Screen

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest

SMALL = 100
LABELS = ("a", "b")
TEXT, TAKEN = "drawn text", " left"
"""What is on the screen with the first text, and once labels are taken."""
SAMPLE = Path(__file__).parents[1] / "sample_data" / "pool.jsonl"


def make_pool(path: Path, n_rows: int) -> None:
    """Write rows of the sample, each made another text by a number."""
    texts = [json.loads(line)["text"] for line in SAMPLE.read_text().splitlines()]
    numbers = random.Random(0).sample(range(10 * n_rows), n_rows)
    with path.open("w") as file:
        for row, number in enumerate(numbers):
            text = f"{TEXT} {number}: {texts[row % len(texts)]}"
            file.write(json.dumps({"id": row, "text": text, "group": row % 7}) + "\n")


def label_some(pool: Path, n_labels: int) -> None:
    """Begin the session of a pool with labels, and with an example on the screen."""
    project = read_project(ProjectRequest(str(pool), labels=LABELS))
    examples = project.pool.examples
    with open_session(project) as session:
        for example in examples[:n_labels]:
            decision = Decision(example.id, DecisionKind.LABEL, Answer(LABELS[0]))
            session.record(decision, pick=None, seconds=1.0)
        session.set_shown(examples[-1].id, None)


def run(pool: Path, until: str) -> dict[str, float]:
    """Start, read until some words are there, and quit: seconds, and resident MB."""
    program = str(Path(sys.executable).with_name("neufs-tui"))
    began = time.perf_counter()
    screen = Screen(
        [program, "label", pool.name, "--label", "a", "--label", "b", "--model", "./nowhere"],
        str(pool.parent),
    )
    came: dict[str, float] = {}
    while until not in came:
        now = screen.read() - began
        for words in (TEXT, TAKEN):
            if words in screen.text:
                came.setdefault(words, now)
    status = Path(f"/proc/{screen.pid}/status").read_text()
    came["MB"] = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    came["quit"] = screen.quit()
    return came


def report(name: str, runs: Sequence[dict[str, float]], base: Sequence[dict[str, float]]) -> None:
    """One line for each number, with its ratio to the baseline."""
    for what in runs[0]:
        mine, theirs = (statistics.median(one[what] for one in each) for each in (runs, base))
        worst = max(one[what] for one in runs)
        print(f"{name:28} {what:10} {mine:7.2f}  worst {worst:7.2f}  ratio {mine / theirs:5.2f}")


def main() -> None:
    """Print medians, the worst run and ratios to the baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=3, help="runs")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--labels", type=int, default=300)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for session in ("new", "old"):
            for until in (TEXT, TAKEN):
                runs: dict[int, list[dict[str, float]]] = {SMALL: [], arguments.rows: []}
                for number in range(arguments.n):
                    for n_rows, into in runs.items():
                        pool = Path(folder, f"{session}{until.strip()}{number}-{n_rows}.jsonl")
                        make_pool(pool, n_rows)
                        if session == "old":
                            label_some(pool, min(arguments.labels, n_rows // 2))
                        into.append(run(pool, until))
                name = f"{session} session, {'reading' if until == TEXT else 'read'}"
                report(name, runs[arguments.rows], runs[SMALL])


if __name__ == "__main__":
    main()
