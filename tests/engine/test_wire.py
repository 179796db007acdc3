"""What goes over the pipe, and what comes out of it at the other end."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

from neufs_tui.core.records import Answer, Decision, DecisionKind, Example, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import EngineConfig, Explain, Focus
from neufs_tui.engine.wire import Restorer, Shortener


def label(number: int, name: str = "yes") -> Decision:
    return Decision(f"{number:032x}", DecisionKind.LABEL, Answer(name))


def focus(decisions: tuple[Decision, ...]) -> Focus:
    return Focus(len(decisions), decisions, "shown", "margin", "entropy")


def test_every_focus_arrives_whole_whatever_was_decided_before_it() -> None:
    shortener, restorer = Shortener(), Restorer()
    many = tuple(map(label, range(6)))
    for decisions in (
        (),
        many[:3],
        many,
        many,
        many[:4],
        (*many[:2], label(2, "no"), *many[3:]),
        (label(9),),
        many,
        (),
    ):
        sent = pickle.loads(pickle.dumps(shortener.shorten(focus(decisions))))
        assert restorer.restore(sent) == focus(decisions)
        question = Explain("shown")
        assert restorer.restore(shortener.shorten(question)) == question


def test_a_label_is_as_light_after_two_thousand_as_after_ten() -> None:
    sizes = []
    for n in (10, 2000):
        shortener = Shortener()
        shortener.shorten(focus(tuple(map(label, range(n)))))
        longer = tuple(map(label, range(n + 1)))  # of other objects, equal to those before
        sizes.append(len(pickle.dumps(shortener.shorten(focus(longer)))))
    assert abs(sizes[1] - sizes[0]) < 10


def test_a_pool_goes_over_without_what_the_engine_has_no_use_for(tmp_path: Path) -> None:
    bare = Example("a" * 32, "A text.", 3)
    full = replace(bare, source_id="r3", fields={"label": "yes", "notes": "x" * 10_000})
    config = EngineConfig((full,), Task((Label("yes"), Label("no"))), ModelChoice(), tmp_path)
    sent = Shortener().shorten(config)
    assert Restorer().restore(sent) == replace(config, examples=(bare,))
