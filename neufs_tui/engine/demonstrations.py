"""Which labels are demonstrations: what every prompt of a session is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from neufs_tui.core.records import Decision, DecisionKind, Demonstration, Example, ExampleId


def demonstrations(
    decisions: Sequence[Decision], examples: Mapping[ExampleId, Example], names: Collection[str]
) -> list[tuple[ExampleId, Demonstration]]:
    """The labels that may be in a prompt, in labelling order, each with its example.

    Args:
        decisions: what holds, in order; check examples and what is flagged count as skipped.
        examples: the texts there are; a label of any other is left out.
        names: labels of the task; an answer with another is left out.
    """
    known = frozenset(names)
    return [
        (one.example_id, Demonstration(examples[one.example_id].text, one.answer.text))
        for one in decisions
        if one.kind is DecisionKind.LABEL
        and one.example_id in examples
        and one.answer is not None
        and known.issuperset(one.answer.labels)
    ]
