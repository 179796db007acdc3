"""Strategies by name: this program's own, those of other packages, and what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from neufs_tui.core.records import DecisionKind
from neufs_tui.errors import SelectionError
from neufs_tui.selection.baselines import Random
from neufs_tui.selection.registry import STRATEGIES, find_strategy, load_strategy
from neufs_tui.selection.strategy import Choice, SelectionState
from tests.selection.values import captures_of, state_of

MODULE = """
from tests.selection.test_registry import InOrder
import neufs_tui.selection.strategy as contract

class Same:
    def query(self, state, n):
        return [contract.Choice(0)] * n

class Raises:
    def query(self, state, n):
        raise KeyError("no such thing")

def refuses():
    raise OSError("no licence")
"""
OFFERED = {
    "in-order": "plugged:InOrder",
    "same": "plugged:Same",
    "raises": "plugged:Raises",
    "refuses": "plugged:refuses",
    "absent": "plugged:Absent",
    "random": "plugged:Same",
}


class InOrder:
    """What is undecided, as it lies."""

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        return [Choice(place) for place in state.undecided[:n].tolist()]


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that offers strategies, installed for one test."""
    (tmp_path / "plugged.py").write_text(MODULE)
    info = tmp_path / "plugged_in-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged-in\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in OFFERED.items()]
    (info / "entry_points.txt").write_text("[neufs_tui.strategies]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plugged", raising=False)
    return tmp_path


STATE = state_of(captures_of(12), [(0, DecisionKind.SKIP)])


def test_the_programs_own_are_found_by_name() -> None:
    assert list(STRATEGIES) == ["neufs", "neufs-batch", "random", "entropy"]
    for name in STRATEGIES:
        assert len(load_strategy(name).query(STATE, 3)) == 3


def test_another_packages_strategy_is_found_by_name(plugged: Path) -> None:
    assert find_strategy("in-order").value == "plugged:InOrder"
    assert [choice.place for choice in load_strategy("in-order").query(STATE, 4)] == [1, 2, 3, 4]


def test_a_package_cannot_take_a_name_of_this_programs_own(plugged: Path) -> None:
    assert isinstance(load_strategy("random"), Random)


def test_an_unknown_name_is_answered_with_the_known_ones(plugged: Path) -> None:
    with pytest.raises(SelectionError, match="there is no strategy 'neuf'") as raised:
        find_strategy("neuf")
    assert raised.value.exit_code == 2
    assert raised.value.hint == (
        "the strategies are neufs, neufs-batch, random, entropy, absent, in-order, raises, "
        "refuses, same"
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("absent", "cannot be loaded: AttributeError: .*Absent"),
        ("refuses", "cannot be loaded: OSError: no licence"),
        ("raises", "failed: KeyError: 'no such thing'"),
        ("same", "did not choose 3 different undecided examples"),
    ],
)
def test_a_broken_strategy_is_named_with_its_package(plugged: Path, name: str, what: str) -> None:
    with pytest.raises(
        SelectionError, match=f"^the strategy '{name}' of the package 'plugged-in' {what}"
    ) as raised:
        load_strategy(name).query(STATE, 3)
    assert "choose another with --strategy" in raised.value.hint


def test_looking_a_name_up_imports_nothing_of_the_strategy() -> None:
    code = (
        "from neufs_tui.selection.registry import find_strategy; import sys; "
        "find_strategy('neufs'); print('numpy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
