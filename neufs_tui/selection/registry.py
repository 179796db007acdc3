"""Strategies by name: this program's own, and those that installed packages bring along.

A package offers one through the entry-point group `neufs_tui.strategies`: a name, and a callable
without arguments that makes the strategy, such as its class. The modules are imported when a
strategy is loaded, not when its name is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from neufs_tui.errors import SelectionError, first_line

if TYPE_CHECKING:
    from neufs_tui.selection.strategy import Choice, SelectionState, Strategy

GROUP = "neufs_tui.strategies"

STRATEGIES: Mapping[str, EntryPoint] = {
    name: EntryPoint(name, f"neufs_tui.selection.{value}", GROUP)
    for name, value in {
        "neufs": "incremental:Neufs",
        "neufs-batch": "batch:NeufsBatch",
        "random": "baselines:Random",
        "entropy": "baselines:Entropy",
    }.items()
}
"""This program's own; a package cannot take their names."""


def find_strategy(name: str) -> EntryPoint:
    """Where a strategy is; imports nothing of it.

    Raises:
        SelectionError: there is none of that name.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    offered = entry_points(group=GROUP)
    if name not in offered.names:
        known = ", ".join([*STRATEGIES, *sorted(offered.names - STRATEGIES.keys())])
        raise SelectionError(f"there is no strategy {name!r}", hint=f"the strategies are {known}")
    return offered[name]


def load_strategy(name: str) -> Strategy:
    """A strategy that has been asked nothing yet.

    Raises:
        SelectionError: there is none of that name, or its package is broken.
    """
    found = find_strategy(name)
    if name in STRATEGIES:
        strategy: Strategy = found.load()()
        return strategy
    package = found.dist.name if found.dist else found.module
    return _PlugIn(f"the strategy {name!r} of the package {package!r}", found)


class _PlugIn:
    """A strategy of another package, whose faults are told under its name."""

    def __init__(self, name: str, entry: EntryPoint) -> None:
        self._name = name
        try:
            self._strategy: Strategy = entry.load()()
        except Exception as error:
            raise self._broken("cannot be loaded", error) from error

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """What it chooses.

        Raises:
            SelectionError: it fails, or chooses what may not be chosen.
        """
        try:
            choices = tuple(self._strategy.query(state, n))
            places = {choice.place for choice in choices}
        except Exception as error:
            raise self._broken("failed", error) from error
        undecided = state.undecided.tolist()
        wanted = min(n, len(undecided))
        if not len(choices) == len(places) == wanted or not places.issubset(undecided):
            raise self._broken(f"did not choose {wanted:,} different undecided examples")
        return choices

    def _broken(self, what: str, error: Exception | None = None) -> SelectionError:
        why = f": {type(error).__name__}: {first_line(error)}" if error else ""
        return SelectionError(
            f"{self._name} {what}{why}", hint="mend it, or choose another with --strategy"
        )
