"""A choice in rows and sentences, and as the manifest has it."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import Any

from neufs_tui.core.text import plural
from neufs_tui.evaluation.choosing_sets import Choice, Chosen, HeldOut
from neufs_tui.evaluation.set_rules import N_FOLDS, SetRule
from neufs_tui.evaluation.tables import Row, signed, signed_estimate
from neufs_tui.export.few_shot_set import SELECTION
from neufs_tui.statistics.classification import Estimate
from neufs_tui.wording.sentences import share

_ORDERS = {
    SELECTION: "labelling order",
    "reversed": "reversed",
    "interleaved": "classes interleaved",
    "frequent-last": "most frequent class last",
}
COLUMNS: Row = ("", "right", "log-likelihood", "difference")


def rows(choice: Choice) -> list[Row]:
    """One a rule, the best first."""
    return [
        (
            rule_name(one.rule, choice.n_labels),
            share(one.accuracy),
            signed(one.log_likelihood),
            signed_estimate(one.difference) if one.difference else "default",
        )
        for one in choice.compared
    ]


def rule_name(rule: SetRule, n_labels: int) -> str:
    """Such as `first 8, reversed`, or `all 24, labelling order`."""
    return (
        f"{f'all {n_labels:,}' if rule.k is None else f'first {rule.k:,}'}, {_ORDERS[rule.order]}"
    )


def sentences(chosen: Chosen) -> list[str]:
    """What was chosen and by how much, or that nothing can be told apart."""
    choice = chosen.choice
    best, default, n_labels = choice.best, choice.default, choice.n_labels
    n_rules = len(choice.compared)
    named = rule_name(best.rule, n_labels)
    said = []
    if choice.is_told_apart:
        begun = "chosen: " if choice.is_chosen else ""
        said.append(
            f"{begun}{named}, instead of all {n_labels:,} labels in labelling order: "
            f"{_against(best, default)}; as the best of {n_rules:,} it may do less well on other "
            "texts"
        )
        said += [_calibrated(choice.calibrated)] if choice.calibrated else []
    elif best is default:
        said.append(
            f"all {n_labels:,} labels in labelling order do best of the {n_rules:,} compared, and "
            "are exported"
        )
    else:
        said.append(
            f"no number or order of your {n_labels:,} labels is told apart from all of them in "
            f"labelling order: the best of {n_rules:,} ({named}) has {_against(best, default)}, "
            "which is noise; all are exported in labelling order"
        )
    if chosen.n_left_out:
        said.append(
            f"up to {plural(chosen.n_left_out, 'label')} of a set did not fit into the model's "
            "context window and were left out, the first ones"
        )
    return said


def choice_json(chosen: Chosen) -> dict[str, Any]:
    """What the manifest says of a choice."""
    choice = chosen.choice
    return {
        "rule": asdict(choice.chosen.rule),
        "told_apart": choice.is_told_apart,
        "measure": "mean log-probability of the label given, among the task's; raw answers",
        "folds": N_FOLDS,
        "seed": chosen.seed,
        "n_labels": choice.n_labels,
        "model": asdict(chosen.model),
        "n_left_out": chosen.n_left_out,
        "compared": [asdict(one) for one in choice.compared],
        "calibrated_difference": asdict(choice.calibrated) if choice.calibrated else None,
    }


def _against(best: HeldOut, default: HeldOut) -> str:
    assert best.difference is not None
    value, low, high = map(signed, astuple(best.difference))
    return (
        f"log-likelihood {signed(best.log_likelihood)} against {signed(default.log_likelihood)} "
        f"(difference {value}, {low} to {high})"
    )


def _calibrated(difference: Estimate) -> str:
    told = f"once answers are calibrated the difference is {signed_estimate(difference)}"
    if difference.low > 0:
        return f"{told}: it remains"
    return (
        f"{told}, which is noise: the gain may be no more than a lean towards labels that you gave "
        "often; all are exported in labelling order"
    )
