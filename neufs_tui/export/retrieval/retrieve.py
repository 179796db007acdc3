"""Chat messages that show a model the labelled examples nearest to a text, the nearest last.

    from retrieve import messages
    chat = messages("a new text")

Needs the files beside it and nothing but Python. Nearest is by the cosine of TF-IDF: a text's
terms are runs of 3 to 5 characters within its words, each weighed by how rare it is in the pool.
A text that is labelled itself is not shown its own label.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from math import log, sqrt
from pathlib import Path
from typing import Any

DECIMALS = 9
"""Of a cosine; what is equal up to them is a tie, and the example labelled first is nearer."""


def messages(text: str) -> list[dict[str, str]]:
    """The chat up to the point where the model answers: `answer_prefix`, then a label's name."""
    _, idf, examples, vectors = _read()
    query = _vector(text, idf)
    return chat(text, sorted(range(len(examples)), key=lambda at: -_cosine(query, vectors[at])))


def chat(text: str, places: list[int]) -> list[dict[str, str]]:
    """The same for examples found in any way.

    Args:
        text: what is asked.
        places: of all examples, counted in labelling order from 0; the nearest first.
    """
    prompt, _, examples, _ = _read()
    others = [place for place in places if examples[place]["text"] != text]
    turns = [("system", prompt["system"])] if prompt["system"] else []
    for place in reversed(others[: prompt["k"]]):
        turns.append(("user", prompt["input"].replace("{text}", examples[place]["text"])))
        turns.append(("assistant", prompt["answer_prefix"] + examples[place]["label"]))
    turns.append(("user", prompt["input"].replace("{text}", text)))
    return [{"role": role, "content": content} for role, content in turns]


def terms(text: str) -> list[str]:
    """Runs of 3 to 5 characters of each word in lower case, a blank at both its ends."""
    words = [f" {word} " for word in text.lower().split()]
    return [
        word[start : start + n]
        for word in words
        for n in (3, 4, 5)
        for start in range(len(word) - n + 1)
    ]


def _vector(text: str, idf: dict[str, float]) -> dict[str, float]:
    """Term → weight, of length 1; terms that no example has tell none apart from another."""
    counts = Counter(term for term in terms(text) if term in idf)
    weights = {term: (1 + log(n)) * idf[term] for term, n in counts.items()}
    length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    return round(sum(weight * other.get(term, 0.0) for term, weight in one.items()), DECIMALS)


@cache
def _read() -> tuple[Any, dict[str, float], list[Any], list[dict[str, float]]]:
    """The prompt, each term's weight, the examples in labelling order, and their vectors."""
    prompt, index, examples = (
        Path(__file__).with_name(name).read_text("utf-8")
        for name in ("prompt.json", "index.json", "examples.jsonl")
    )
    idf = json.loads(index)["idf"]
    shown = [json.loads(line) for line in examples.split("\n") if line]
    return json.loads(prompt), idf, shown, [_vector(one["text"], idf) for one in shown]
