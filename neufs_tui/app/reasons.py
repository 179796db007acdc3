"""Why an example is shown, in a sentence, and by what model and settings."""

from __future__ import annotations

from collections.abc import Mapping

from neufs_tui.app.sentences import among, model_name, plural
from neufs_tui.app.text import one_line
from neufs_tui.core.records import Pick, Reason
from neufs_tui.core.settings import SelectionSettings, Signal
from neufs_tui.engine.protocol import ModelReady

SIGNAL_NAMES: Mapping[Signal, str] = {
    "count": "neuron count",
    "nucleus": "nucleus size",
    "participation": "participation ratio",
    "entropy": "entropy",
    "margin": "margin",
}
"""How the difficulty signals are called on every screen."""

_HARDNESS: Mapping[Signal, tuple[str, str, str]] = {
    "count": (
        "the lowest neuron count of equally long answers",
        "neuron count above {}% of equally long answers",
        "the highest neuron count of equally long answers",
    ),
    "nucleus": (
        "its answer rests on the fewest neurons of equally long ones",
        "its answer rests on more neurons than {}% of equally long ones",
        "its answer rests on the most neurons of equally long ones",
    ),
    "participation": (
        "its answer is spread least over neurons of equally long ones",
        "its answer is spread wider over neurons than {}% of equally long ones",
        "its answer is spread widest over neurons of equally long ones",
    ),
    "entropy": (
        "the model is most certain of this one",
        "the model is less certain of it than of {}% of others",
        "the model is least certain of this one",
    ),
    "margin": (
        "its two likeliest labels are the farthest apart",
        "its two likeliest labels are closer than for {}% of others",
        "its two likeliest labels are the closest",
    ),
}
"""What is said of the easiest, of one harder than a share of the others, and of the hardest."""


def why(pick: Pick | None, *, n_pool: int, choose_from: int, n_labels: int) -> str:
    """One sentence on why an example is shown, with no number that is not in the pick.

    Args:
        pick: what chose it; None when nothing did.
        n_pool: examples in the pool.
        choose_from: scanned examples from which NeuFS chooses.
        n_labels: labelled examples there are; the pick may not know the last ones.
    """
    if pick is None:
        return "Next in file order, without the model."
    if pick.reason is None:
        return f"Next in file order{_when_chosen(pick.n_scanned, n_pool, choose_from)}."
    if pick.n_labelled == 0:
        first = "Nothing is labelled yet, so every neuron is new"
        if n_labels:
            first = "Chosen before your first label, so every neuron was new"
        parts = [first, _group(pick.reason), _difficulty(pick.reason)]
    else:
        parts = [
            _uncovered(pick.reason),
            _gap(pick.reason, pick.n_labelled, n_labels),
            f"{_difficulty(pick.reason)} ({_read_with(pick.reason.n_demonstrations)})",
        ]
    return "; ".join(parts) + "."


def why_then(pick: Pick, n_labels: int) -> str:
    """The sentence that stood under an example, whose pick holds all there is to say.

    Args:
        pick: what chose it.
        n_labels: labelled examples there were.
    """
    return why(pick, n_pool=pick.n_scanned, choose_from=0, n_labels=n_labels)


def origin(model: ModelReady | None, selection: SelectionSettings, signal: Signal) -> str:
    """By what model and settings an example was chosen and explained.

    Args:
        model: the one that answers; None until it is loaded.
        selection: the settings.
        signal: the difficulty signal that chooses at present.
    """
    read = "Read without your labels in the prompt"
    if model is not None:
        name = one_line(model_name(model.name))
        read += f", by {name} ({model.fingerprint[:8]}) in {model.dtype}"
    return (
        f"{read}. Chosen by NeuFS with {plural(selection.shots, 'shot')}, tau {selection.tau:g}, "
        f"seed {selection.seed}, difficulty by {SIGNAL_NAMES[signal]}."
    )


def _when_chosen(n_scanned: int, n_pool: int, choose_from: int) -> str:
    if n_scanned >= choose_from or n_pool < choose_from:
        return ""
    scanned = f"{n_scanned:,} of the {plural(choose_from, 'example')}"
    return f": {scanned} that NeuFS needs were scanned"


def _gap(reason: Reason, n_known: int, n_labels: int) -> str:
    which = "first " if n_known < n_labels else ""
    examples = f"your {which}{plural(n_known, 'labelled example')}"
    if n_known == 1:
        examples = f"your {which or 'one '}labelled example"
    new = f"{reason.gap:,} of its neurons are" if reason.gap > 1 else "1 of its neurons is"
    if not reason.gap:
        new = "none of its neurons is"
    beside = among(reason.median_gap, reason.gap_rank, reason.n_ranked)
    return f"{new} new to {examples} ({beside})"


def _read_with(n_demonstrations: int) -> str:
    if not n_demonstrations:
        return "read without labels"
    return f"read with {plural(n_demonstrations, 'label')}"


def _group(reason: Reason) -> str:
    if reason.neighbourhood <= 1:
        return "this one has no others like it"
    return f"this one stands for a group of {reason.neighbourhood:,} alike examples"


def _uncovered(reason: Reason) -> str:
    if not reason.neighbourhood:
        return "Every group left has a labelled example near it"
    if reason.neighbourhood == 1:
        return "Stands for itself alone"
    return f"Stands for {reason.neighbourhood:,} examples that no label covers yet"


def _difficulty(reason: Reason) -> str:
    """How hard it is beside the others, by the signal that chose it."""
    if reason.percentile is None:
        return f"all are equally hard by {SIGNAL_NAMES[reason.signal]}"
    easiest, between, hardest = _HARDNESS[reason.signal]
    if reason.percentile in (0, 100):
        return hardest if reason.percentile else easiest
    return between.format(int(reason.percentile))
