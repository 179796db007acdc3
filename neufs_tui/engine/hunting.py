"""What the engine suggests: examples whose label is all but certain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neufs_tui.engine.protocol import Focus, Suggest, Suggested, Suggestion
from neufs_tui.selection.hunting import certain
from neufs_tui.selection.scanned_pool import Readings


def suggested(
    asked: Suggest, focus: Focus, readings: Readings | None, names: Sequence[str]
) -> Suggested:
    """The answer to a question for suggestions.

    Args:
        asked: of which label, and how many.
        focus: where the annotator is; what is decided, held or shown is never suggested.
        readings: the pool as it is ranked; None while nothing is.
        names: of the labels, in their order.
    """
    if readings is None or readings.estimates is None:
        return Suggested(focus.revision, asked.label, ())
    left_out = {focus.shown, *(one.example_id for one in focus.passed_over)}
    ids = readings.pool.ids
    is_open = np.array([at for at, one in enumerate(ids) if one not in left_out], dtype=np.intp)
    wanted = names.index(asked.label) if asked.label is not None else None
    label, places = certain(readings.estimates, is_open, wanted)
    if label is None:
        return Suggested(focus.revision, None, ())
    sure = readings.estimates[:, label]
    rows = tuple(Suggestion(ids[at], float(sure[at])) for at in places[: asked.limit])
    return Suggested(focus.revision, names[label], rows)
