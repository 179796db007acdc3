"""From a label key to the next example painted, while the engine scans and rereads.

    python benchmarks/latency.py POOL [-n ROWS] [--labels N] [--pause SECONDS]

The program runs in a pseudo-terminal of 80 x 24. Time runs from writing the key until the bytes
that change the lines of the text have arrived at the terminal. The baseline is the same for `?`,
which opens a page without touching the session or the engine, in the same run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from screen import Screen


def main() -> None:
    """Print quantiles of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("-n", type=int, default=10_000, help="rows")
    parser.add_argument("--labels", type=int, default=100, help="keys measured")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between keys")
    arguments = parser.parse_args()
    lines = arguments.pool.read_text().splitlines()[: arguments.n]
    program = shutil.which("neufs-tui", path=str(Path(sys.executable).parent))
    n_bytes: list[int] = []
    taken: dict[str, list[float]] = {"label key": [], "? key": []}
    with tempfile.TemporaryDirectory() as folder:
        # Each text once: the number makes every example its own
        rows = [json.loads(line) for line in lines]
        texts = [
            {"text": f"{row.get('text') or row['input']} ({n} of many)"}
            for n, row in enumerate(rows)
        ]
        (Path(folder) / "pool.jsonl").write_text("\n".join(map(json.dumps, texts)) + "\n")
        command = [str(program), "label", "pool.jsonl", "--label", "one", "--label", "two"]
        screen = Screen(command, folder)
        screen.wait_for(f" of {len(rows):,}")
        screen.pause(10)  # until NeuFS chooses
        for number in range(arguments.labels):
            before = screen.n_bytes
            taken["label key"].append(screen.press("12"[number % 2]))
            n_bytes.append(screen.n_bytes - before)
            screen.pause(arguments.pause)
            if number % 5 == 0:
                example = screen.body
                taken["? key"].append(screen.press("?"))
                screen.pause(0.2)
                screen.press("\x1b")
                while screen.body != example:  # the page may leave in more than one paint
                    screen.read()
                screen.pause(0.2)
        status = [line.strip() for line in screen.screen.display[-4:-1]]
        screen.quit()
    table = Table(title=f"{len(rows):,} rows, {arguments.labels} labels, engine busy")
    for heading in ("", "keys", "median", "95th percentile", "worst"):
        table.add_column(heading, justify="right")
    for name, seconds in taken.items():
        ordered = sorted(1000 * one for one in seconds)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        table.add_row(
            name,
            str(len(ordered)),
            f"{statistics.median(ordered):.0f} ms",
            f"{p95:.0f} ms",
            f"{ordered[-1]:.0f} ms",
        )
    console = Console()
    console.print(table)
    most = f"{max(n_bytes):,} at most"
    console.print(
        f"bytes until it is painted: {statistics.median(n_bytes):,.0f} a label key, {most}"
    )
    console.print("at the end: " + " | ".join(filter(None, status)))


if __name__ == "__main__":
    main()
