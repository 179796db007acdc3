"""Chat messages that show a model the labelled examples nearest to a text, as a readout has it.

    from retrieve_by_readout import messages
    chat, = messages(["a new text"])

Needs the files beside it, neufs-tui, and the model that `readout.json` names. What `retrieve.py`
beside it finds by words alone, this finds by what the model holds of a text. A text that is
labelled itself is not shown its own label.
"""

from __future__ import annotations

from collections.abc import Sequence

from readout import load
from retrieve import chat


def messages(texts: Sequence[str]) -> list[list[dict[str, str]]]:
    """The chat of each text up to the point where the model answers: as `retrieve.messages`."""
    return [chat(text, order) for text, order in zip(texts, load().nearest(texts), strict=True)]
