"""Why an example is shown, in a sentence, and by what model and settings."""

from __future__ import annotations

from collections.abc import Mapping

from neufs_tui.core.records import CHECK, DRAW, HUNT, Pick, Reason
from neufs_tui.core.settings import SelectionSettings, Signal
from neufs_tui.core.text import one_line, plural
from neufs_tui.engine.protocol import ModelReady
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording.sentences import model_name, share

SIGNAL_NAMES: Mapping[Signal, str] = {
    "count": "neuron count",
    "nucleus": "nucleus size",
    "participation": "participation ratio",
    "entropy": "entropy",
    "margin": "margin",
}
"""How the difficulty signals are called on every screen."""

_HARDER_BY: Mapping[Signal, str] = {
    "count": "its neuron count, for an answer of its length",
    "nucleus": "how many neurons its answer rests on, for its length",
    "participation": "how widely its answer is spread over neurons, for its length",
    "entropy": "how uncertain the model is",
    "margin": "how close its two likeliest labels are",
}
"""What makes it harder than others, by each signal."""

_OF_NEUFS: Mapping[str, str] = {"neufs": "NeuFS", "neufs-batch": "NeuFS in a batch"}
"""The strategies that go by shots, tau and difficulty."""
_LIKELY = 0.5
"""Probability below which what was hunted for is only likelier than the rest."""


def why(pick: Pick | None, *, n_pool: int, choose_from: int, n_labels: int) -> str:
    """One sentence on why an example is shown, with no number that is not in the pick.

    It says what spoke for the example in the choice, and nothing that spoke against it. The gap
    is not in it, since it chooses nothing.

    Args:
        pick: what chose it; None when nothing did.
        n_pool: examples in the pool.
        choose_from: scanned examples from which a strategy chooses.
        n_labels: labelled examples there are; the pick may not know the last ones.
    """
    if pick is None:
        return "Named by its id, not chosen."
    if pick.reason is None:
        return "Next in file order, as an earlier version went."
    reason = pick.reason
    match reason.strategy:
        case str(rule) if rule == DRAW and pick.answer is None:
            return f"Drawn at random (seed {reason.seed}), without the model."
        case str(rule) if rule == DRAW:
            when = _when_chosen(pick.n_scanned, n_pool, choose_from)
            return f"Drawn at random (seed {reason.seed}){when}."
        case str(rule) if rule == CHECK:
            return f"A check example, drawn at random (seed {reason.seed}): never a demonstration."
        case str(rule) if rule == HUNT:
            return _by_hunt(pick, reason)
        case "neufs":
            return _by_neufs(pick, reason, n_labels)
        case "neufs-batch" if reason.neighbourhood == 1:
            return "Alone in its group."
        case "neufs-batch":
            return (
                f"From a group of {reason.neighbourhood:,} alike examples: {_among_them(reason)}."
            )
        case "random":
            scanned = f", of the {pick.n_scanned:,} examples scanned by then"
            of = scanned if pick.n_scanned < n_pool else ""
            return f"Next of a fixed shuffle (seed {reason.seed}){of}."
        case "entropy":
            return f"{_by_entropy(reason)} {_read_with(reason.n_demonstrations)}."
        case other:
            return f"Chosen by the strategy {one_line(other)}."


def facts(pick: Pick | None) -> str:
    """What is said of each example while check examples come, whatever brought it but a hunt.

    It claims nothing of a choice, so that no check example can be told from the others. Nor does it
    say with how many labels it was read: what is to come for certain is read sooner.
    """
    if pick is None or pick.is_hunted:
        return why(pick, n_pool=0, choose_from=0, n_labels=0)
    best, second, *_ = (*sorted(pick.probabilities.values(), reverse=True), 0.0, 0.0)
    if not best:
        return "The model had not read this text when it came."
    return f"To the model, its two likeliest labels are {share(best - second)} apart."


def in_brief(pick: Pick | None, *, n_labels: int) -> str:
    """Why an example is shown in a few words that need no definition; `why` says it in numbers.

    Args:
        pick: what chose it; None when nothing did.
        n_labels: labelled examples there are; of those that the pick does not know nothing is said.
    """
    if pick is None or pick.reason is None:
        return why(pick, n_pool=0, choose_from=0, n_labels=0)
    reason = pick.reason
    match reason.strategy:
        case str(rule) if rule == DRAW:
            return "Drawn at random."
        case str(rule) if rule == CHECK:
            return "A check example, drawn at random."
        case str(rule) if rule == HUNT:
            return _by_hunt(pick, reason)
        case "neufs" if not reason.neighbourhood:
            return f"The least like anything you have labelled{_for_the_model(reason)}."
        case "neufs" | "neufs-batch" if reason.neighbourhood == 1:
            return f"Like no other example{_for_the_model(reason)}."
        case "neufs" | "neufs-batch":
            others = plural(reason.neighbourhood - 1, "other")
            knows_all = 0 < n_labels == pick.n_labelled
            without = " you have not labelled" if knows_all else ""
            return f"Like {others}{without}{_for_the_model(reason)}."
        case "random":
            return "Next of a fixed shuffle."
        case "entropy":
            return "The model is unsure of it."
    return why(pick, n_pool=0, choose_from=0, n_labels=0)


def _for_the_model(reason: Reason) -> str:
    """Whether the model finds it harder than most that could have been chosen in its place."""
    if 2 * reason.n_easier <= reason.neighbourhood - 1:
        return ""
    is_unsure = reason.signal in ("margin", "entropy")
    return "; the model is unsure" if is_unsure else "; hard for the model"


def _by_hunt(pick: Pick, reason: Reason) -> str:
    """How likely it is of the label that was hunted for, and who says so."""
    label = one_line(reason.label or "")
    by = "by your labels" if pick.estimate else "as the model answers"
    if reason.score < _LIKELY:
        return f"The likeliest {label} that is left: {share(reason.score)} {by}."
    return f"Likely {label}: {share(reason.score)} {by}."


def _by_neufs(pick: Pick, reason: Reason, n_labels: int) -> str:
    if not reason.neighbourhood:
        return (
            "Every group left has a labelled example near it, so the farthest from any label "
            f"come first: this one is at distance {reason.distance:.2f}."
        )
    uncovered = _uncovered(pick, n_labels)
    if reason.neighbourhood == 1:
        return f"Alone in its group{f', which {uncovered}' if uncovered else ''}."
    examples = f"{reason.neighbourhood:,} examples that {uncovered}"
    if not uncovered:
        examples = f"{reason.neighbourhood:,} alike examples"
    return f"Stands for {examples}: {_among_them(reason)}."


def _by_entropy(reason: Reason) -> str:
    """Where it stands among the examples that were read alike."""
    others, n_easier = reason.neighbourhood - 1, reason.n_easier
    if not others:
        return "The only undecided example"
    if 2 * n_easier <= others:
        among = f"among {reason.neighbourhood:,} undecided examples"
        return f"Next by how uncertain the model is, {among}"
    if n_easier == others:
        return (
            f"The model is least certain of it, among {reason.neighbourhood:,} undecided examples"
        )
    than = f"{n_easier:,} of the other {others:,} undecided examples"
    return f"The model is less certain of it than of {than}"


def why_then(pick: Pick, n_labels: int) -> str:
    """The sentence that stood under an example, whose pick holds all there is to say.

    Args:
        pick: what chose it.
        n_labels: labelled examples there were.
    """
    return why(pick, n_pool=pick.n_scanned, choose_from=0, n_labels=n_labels)


def brief_shown(loop: LabellingLoop) -> str:
    """A few words for the example shown; empty when nothing is shown."""
    if loop.shown is None:
        return ""
    if not loop.tells_why:
        return facts(loop.shown.pick)
    return in_brief(loop.shown.pick, n_labels=loop.counts.shots_here)


def why_shown(loop: LabellingLoop) -> str:
    """That sentence for the example shown; empty when nothing is shown."""
    if loop.shown is None:
        return ""
    if not loop.tells_why:
        return facts(loop.shown.pick)
    return why(
        loop.shown.pick,
        n_pool=len(loop.workspace.examples),
        choose_from=loop.workspace.selection.choose_from,
        n_labels=loop.counts.shots_here,
    )


def origin(
    model: ModelReady | None,
    selection: SelectionSettings,
    pick: Pick | None,
    *,
    tells_why: bool = True,
) -> str:
    """By what model and settings an example was chosen and explained.

    Args:
        model: the one that answers; None until it is loaded.
        selection: the settings.
        pick: what chose it; None when nothing did.
        tells_why: whether it is said how it came.
    """
    read = "Read without your labels in the prompt"
    if pick is not None and pick.calibrated:
        read += " and not calibrated"
    if model is not None:
        name = one_line(model_name(model.name, model.adapter))
        read += f", by {name} ({model.fingerprint[:8]}) in {model.dtype}"
    if pick is not None and pick.reason is not None and pick.is_hunted:
        return f"{read}. Found in a hunt for {one_line(pick.reason.label or '')}."
    if not tells_why:
        return f"{read}. While check examples come, it is not said why an example did."
    if pick is None or pick.reason is None:
        return f"{read}. Chosen by no strategy."
    if pick.reason.strategy in (DRAW, CHECK):
        return f"{read}. Drawn at random with seed {pick.reason.seed}."
    if pick.reason.strategy not in _OF_NEUFS:
        return f"{read}. Chosen by {one_line(pick.reason.strategy)} with seed {selection.seed}."
    return (
        f"{read}. Chosen by {_OF_NEUFS[pick.reason.strategy]} with "
        f"{plural(selection.shots, 'shot')}, tau {selection.tau:g}, seed {selection.seed}, "
        f"difficulty by {SIGNAL_NAMES[pick.reason.signal]}."
    )


def origin_shown(loop: LabellingLoop) -> str:
    """By what the example shown was chosen and explained."""
    pick = loop.shown.pick if loop.shown is not None else None
    selection = loop.workspace.selection
    return origin(loop.engine.model, selection, pick, tells_why=loop.tells_why)


def _when_chosen(n_scanned: int, n_pool: int, choose_from: int) -> str:
    if n_scanned >= choose_from or n_pool < choose_from:
        return ""
    return (
        f": chosen before the {plural(choose_from, 'example')} that a strategy needs were scanned"
    )


def _uncovered(pick: Pick, n_labels: int) -> str:
    """By which labels its group is not covered; empty while there were none."""
    if not pick.n_labelled:
        return ""
    if pick.n_labelled == n_labels:
        return "no label covers yet"
    # Not how many: the one before it may have been ranked with more
    return "none of the labels it was ranked with covers"


def _among_them(reason: Reason) -> str:
    """What made it the choice among the members of its group."""
    others = reason.neighbourhood - 1
    parts = []
    if 2 * reason.n_farther > others:
        parts.append(_above("most typical", "more typical", reason.n_farther, others))
    if 2 * reason.n_easier > others:
        harder = _above("hardest", "harder", reason.n_easier, others)
        read = _read_with(reason.n_demonstrations)
        parts.append(f"{harder} by {_HARDER_BY[reason.signal]} ({read})")
    if 2 * reason.n_unlikelier > others:
        likelier = _above("likeliest", "likelier", reason.n_unlikelier, others)
        parts.append(f"{likelier} to be of a class that lacks labels")
    by = "typicality, difficulty and class" if reason.likely else "typicality and difficulty"
    return ", ".join(parts) or f"chosen among them by {by} together"


def _above(most: str, more: str, n_below: int, others: int) -> str:
    if n_below == others:
        return f"the {most} of them"
    return f"{more} than {n_below:,} of the other {others:,}"


def _read_with(n_demonstrations: int) -> str:
    if not n_demonstrations:
        return "read without labels"
    return f"read with {plural(n_demonstrations, 'label')}"
