"""From a key typed into the filters of the list to the rows that it leaves, while the engine scans.

    python benchmarks/listing.py POOL [-n ROWS] [--words WORD ...]

The texts of the pool are repeated, each with a number of its own, until there are as many rows as
asked for. The program runs in a pseudo-terminal of 80 x 24. The baseline is the same list of the
first thousand rows, in the same run: what a key costs that has next to nothing to look through.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table
from screen import Screen


def typed(screen: Screen, key: str) -> float:
    """Seconds from a key until the list says how many rows it has now."""
    before, began = screen.screen.display[1], time.perf_counter()
    screen.send(key)
    while screen.screen.display[1] == before:
        screen.read()
    return time.perf_counter() - began


def keys_of(pool: Path, n: int, words: list[str], folder: Path) -> list[float]:
    """Seconds of every key of some words, typed into the list of so many rows."""
    rows = [json.loads(line) for line in pool.read_text().splitlines()]
    texts = islice(cycle(row.get("text") or row["input"] for row in rows), n)
    lines = (json.dumps({"text": f"{text} ({at})"}) for at, text in enumerate(texts))
    folder.mkdir()
    (folder / "pool.jsonl").write_text("\n".join(lines) + "\n")
    program = str(shutil.which("neufs-tui", path=str(Path(sys.executable).parent)))
    labels = ["--label", "one", "--label", "two"]
    screen = Screen([program, "label", "pool.jsonl", *labels], str(folder))
    screen.wait_for(f" of {n:,}")
    screen.pause(10)
    taken = []
    for word in words:
        screen.send("/")
        screen.wait_for(f"{n:,} examples")
        taken += [typed(screen, key) for key in word]
        screen.send("\x1b")
        screen.wait_for("space skip")
    screen.quit()
    return taken


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("-n", type=int, default=100_000, help="rows")
    parser.add_argument("--words", nargs="+", default=["when", "ticket", "zq"])
    arguments = parser.parse_args()
    table = Table(title="a key typed into the list")
    for heading in ("rows", "keys", "median", "worst"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for n in (1000, arguments.n):
            taken = keys_of(arguments.pool, n, arguments.words, Path(folder) / str(n))
            median, worst = (1000 * of(taken) for of in (statistics.median, max))
            table.add_row(f"{n:,}", str(len(taken)), f"{median:.0f} ms", f"{worst:.0f} ms")
    Console().print(table)


if __name__ == "__main__":
    main()
