"""What simpler rules would show next, so that she can judge the one that chose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b

from neufs_tui.core.explanation import Alternative
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.selection.difficulty import MIN_GROUP, entropies


def alternatives(
    captures: Mapping[ExampleId, Capture],
    readings: Mapping[ExampleId, Capture],
    decided: Collection[ExampleId],
    *,
    seed: int,
) -> tuple[Alternative, ...]:
    """The next example of a fixed shuffle, and the one the model is least certain of.

    Uncertainty is compared among examples read with the labels there are, as soon as enough
    were; before, among all, as the scan read them.

    Args:
        captures: the scanned pool.
        readings: what was read with the present labels in the prompt.
        decided: ids that are out of the question.
        seed: of the shuffle.
    """
    open_ids = sorted(captures.keys() - set(decided))
    if not open_ids:
        return ()
    reread = [one for one in open_ids if one in readings]
    source, among = (readings, reread) if len(reread) >= MIN_GROUP else (captures, open_ids)
    entropy = dict(zip(among, entropies([source[one] for one in among]).tolist(), strict=True))
    by_chance = min(open_ids, key=lambda one: blake2b(f"{seed} {one}".encode()).digest())
    least_certain = max(among, key=lambda one: entropy[one])
    known = entropy.get(by_chance)
    if known is None:
        known = float(entropies([captures[by_chance]])[0])
    return (
        Alternative("random", by_chance, known),
        Alternative("entropy", least_certain, entropy[least_certain]),
    )
