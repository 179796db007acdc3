"""First paint of `neufs-tui label` in a pseudo-terminal, against importing Textual alone.

    python benchmarks/first_paint.py [POOL] [-n RUNS]

Time runs from just before the process is started until the screen shows the program's name. The
baseline is a process that imports `textual.app` and exits: no Textual program can paint sooner.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect
import pyte

ROWS, COLUMNS = 24, 80
PATIENCE_S = 20


def first_paint_s(pool: Path, session: Path) -> float:
    """Seconds from the start of the process to the first painted screen."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    began = time.perf_counter()
    child = pexpect.spawn(
        str(Path(sys.executable).with_name("neufs-tui")),
        ["label", str(pool), "--session", str(session)],
        dimensions=(ROWS, COLUMNS),
        encoding="utf-8",
    )
    while not any("neufs-tui" in line for line in screen.display):
        if time.perf_counter() - began > PATIENCE_S:
            raise SystemExit("nothing was painted:\n" + "\n".join(screen.display))
        stream.feed(child.read_nonblocking(65536, timeout=PATIENCE_S))
    painted = time.perf_counter() - began
    child.sendcontrol("q")
    child.expect(pexpect.EOF, timeout=PATIENCE_S)
    child.close()
    return painted


def import_textual_s() -> float:
    """Seconds that a process takes to import `textual.app` and exit."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Print medians, the worst run and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    sample = Path(__file__).parents[1] / "sample_data" / "pool.jsonl"
    parser.add_argument("pool", nargs="?", type=Path, default=sample)
    parser.add_argument("-n", type=int, default=10, help="runs")
    arguments = parser.parse_args()
    paints, imports = [], []
    for _ in range(arguments.n):
        folder = Path(tempfile.mkdtemp())
        paints.append(first_paint_s(arguments.pool, folder / "s.neufs.db"))
        imports.append(import_textual_s())
        shutil.rmtree(folder)
    paint, baseline = statistics.median(paints), statistics.median(imports)
    print(f"first paint      median {paint:.3f} s, worst {max(paints):.3f} s, {len(paints)} runs")
    print(f"import textual   median {baseline:.3f} s")
    print(f"ratio            {paint / baseline:.2f}")


if __name__ == "__main__":
    main()
