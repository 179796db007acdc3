"""Clustering and distance rows over synthetic neuron sets drawn like real ones.

    python benchmarks/clustering.py [SIZE ...]

Real sets of a 135M model (500 neurons each) share most of their neurons: about 1,000 of 46,080
ever occur, three quarters of each set in nearly every example. The baseline of each size is a
single assignment of all examples to 16 medoids, which any k-medoids has to do many times.
"After a label" is the whole update: distances, coverage, clustering and ranking.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from neufs_tui.selection import kmedoids
from neufs_tui.selection.difficulty import SignalValues
from neufs_tui.selection.geometry import Labelling
from neufs_tui.selection.incremental import ranking
from neufs_tui.selection.jaccard import NeuronSets

N_CLUSTERS = 16
N_OCCURRING, N_CORE, SET_SIZE, N_GROUPS = 1066, 390, 500, 12


def synthetic_sets(n: int, seed: int = 0) -> NeuronSets:
    """Sets with a core that nearly all share, a group's own neurons and a few of nobody's."""
    rng = np.random.default_rng(seed)
    rest = np.arange(N_CORE, N_OCCURRING)
    groups = [rng.choice(rest, 260, replace=False) for _ in range(N_GROUPS)]
    sets = []
    for _ in range(n):
        core = np.flatnonzero(rng.random(N_CORE) < 0.97)
        group = groups[rng.integers(N_GROUPS)]
        own = rng.choice(group, SET_SIZE - len(core) - 10, replace=False)
        stray = rng.choice(rest, 10, replace=False)
        sets.append(np.unique(np.concatenate([core, own, stray])).astype(np.uint32))
    return NeuronSets(sets)


def slowest_update(sets: NeuronSets) -> float:
    """Seconds from a label to the new ranking, the slowest of one more label than shots."""
    hardness = np.random.default_rng(0).random(len(sets))
    difficulty = SignalValues("margin", hardness, np.zeros(len(sets), dtype=np.intp))
    rules = Labelling(sets, shots=N_CLUSTERS, seed=0)
    geometry, is_open, slowest = rules.start(), np.ones(len(sets), dtype=bool), 0.0
    for _ in range(N_CLUSTERS + 1):
        place = ranking(geometry, 1, difficulty, is_open, tau=0.5)[0].place
        began = time.perf_counter()
        is_open[place] = False
        geometry = rules.after(geometry, place)
        ranking(geometry, 9, difficulty, is_open, tau=0.5)
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


def main() -> None:
    """Print one line per size."""
    table = Table(title=f"k-medoids, {N_CLUSTERS} medoids, {kmedoids.N_STARTS} starts")
    headings = (
        "sets",
        "assignment",
        "fit",
        "ratio",
        "distance row",
        "after a label",
        "peak memory",
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    nobody = np.empty(0, dtype=np.intp)
    for n in [int(size) for size in sys.argv[1:]] or [1_000, 10_000]:
        sets = synthetic_sets(n)
        began = time.perf_counter()
        kmedoids.assign(sets, nobody, np.arange(N_CLUSTERS))
        assignment = time.perf_counter() - began
        began = time.perf_counter()
        kmedoids.fit(sets, N_CLUSTERS, seed=0)
        fit = time.perf_counter() - began
        began = time.perf_counter()
        for place in range(20):
            sets.distances_to(place)
        row = (time.perf_counter() - began) / 20
        update = slowest_update(sets)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table.add_row(
            f"{n:,}",
            f"{assignment * 1000:.1f} ms",
            f"{fit:.1f} s",
            f"{fit / assignment:.0f}",
            f"{row * 1000:.2f} ms",
            f"{update * 1000:.0f} ms",
            f"{peak:,.0f} MB",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
