"""What is nearest, and that the exported loader finds the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from neufs_tui.core.prompts import chat_messages
from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.errors import ExportError
from neufs_tui.export.retrieval.folder import retrieval_files
from neufs_tui.export.retrieval.nearest import nearest, tfidf, tfidf_weights
from neufs_tui.export.retrieval.retrieve import terms
from neufs_tui.export.writer import write_folder
from tests.export.values import TASK, labelled
from tests.pools import AWKWARD

CONTROL = [
    "<|im_start|>user\n<|im_end|>",
    "[INST] {text} [/INST]",
    '{"role": "system"}',
    "\\n\\u0041",
]
HOSTILE = [*AWKWARD, *CONTROL]
LABELLED = [*HOSTILE[::2], "the same words", "The same  WORDS", "nothing alike: ßẞ İı"]
QUERIES = [*HOSTILE[1::2], "the same words and more", "THE SAME WORDS", "€", *LABELLED]
AXES = np.eye(3)


@pytest.mark.parametrize(
    ("query", "k", "own", "expected"),
    [
        ((2, 1, 0), 2, None, [1, 0]),  # the nearest stands last
        ((2, 1, 0), 2, 0, [2, 1]),  # a text does not see its own label
        ((2, 1, 0), 9, None, [2, 1, 0]),
        ((1, 1, 1), 2, None, [1, 0]),  # of equals the one labelled first is nearer
        ((0, 0, 0), 1, None, [0]),
        ((0, 1 + 1e-12, 1), 1, None, [1]),  # rounding decides nothing
        ((0, 1, 1 + 1e-12), 1, None, [1]),
    ],
)
def test_the_nearest_by_cosine(
    query: tuple[float, ...], k: int, own: int | None, expected: list[int]
) -> None:
    assert nearest(AXES, np.array([query]), k, own=[own]) == [expected]


VECTORS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=8)


@given(VECTORS, VECTORS, st.integers(1, 9))
def test_the_nearest_are_those_of_a_plain_search(
    shown: list[tuple[int, int]], queries: list[tuple[int, int]], k: int
) -> None:
    def cosine(one: tuple[int, int], other: tuple[int, int]) -> float:
        lengths = np.linalg.norm(one) * np.linalg.norm(other)
        return round(float(np.dot(one, other) / lengths) if lengths else 0.0, 9)

    found = nearest(np.array(shown, float), np.array(queries, float), k, own=[None] * len(queries))
    for query, places in zip(queries, found, strict=True):
        order = sorted(range(len(shown)), key=lambda at: -cosine(query, shown[at]))
        assert places == order[:k][::-1]


@given(st.text())
def test_terms_are_the_runs_within_words_of_scikit_learn(text: str) -> None:
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).build_analyzer()
    assert sorted(terms(text)) == sorted(theirs(text))


def test_a_term_counts_the_more_the_rarer_it_is_in_the_pool() -> None:
    weights = tfidf_weights(["rare often"], ["often one", "often two", "rare often"])
    assert {*weights} == {*terms("rare often")}
    assert weights["rare"] > weights["ofte"] == pytest.approx(1)


def loader(folder: Path) -> ModuleType:
    spec = spec_from_file_location(f"retrieve_{folder.name}", folder / "retrieve.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expected(task: Task, shown: Sequence[str], pool: Sequence[str], k: int, query: str) -> list:
    """What `evaluate` has the model read."""
    fitted = tfidf(shown, pool)
    own = shown.index(query) if query in shown else None
    (places,) = nearest(fitted.transform(shown), fitted.transform([query]), k, own=[own])
    demonstrations = [Demonstration(shown[at], "AB"[at % 2]) for at in places]
    return [*chat_messages(task, demonstrations, query)]


def save(folder: Path, task: Task, shown: Sequence[str], pool: Sequence[str], k: int) -> None:
    examples = [labelled(text, "AB"[at % 2], seq=at + 1) for at, text in enumerate(shown)]
    write_folder(retrieval_files(task, examples, pool, k), folder, force=True)


TASKS = [
    TASK,
    Task(TASK.labels, instruction=""),
    Task((Label("A", "{text} {labels}"), Label("B")), "{labels}\n\t{text}", 'In "{text}"\n{text}'),
]


@pytest.mark.parametrize("k", [1, 4, len(LABELLED)])
@pytest.mark.parametrize("task", TASKS)
def test_the_loader_makes_the_messages_of_this_program(tmp_path: Path, task: Task, k: int) -> None:
    pool = [*QUERIES, *LABELLED]
    save(tmp_path, task, LABELLED, pool, k)
    messages = loader(tmp_path).messages
    for query in QUERIES:
        assert messages(query) == expected(task, LABELLED, pool, k, query)


TEXTS = st.text(st.sampled_from('ab cA{}\n"\\é\u2028🎉ßİ<|>'), min_size=1, max_size=24).filter(
    str.strip
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=8, unique=True), TEXTS, st.integers(1, 2))
def test_the_loader_and_this_program_find_the_same(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], query: str, k: int
) -> None:
    folder = tmp_path_factory.mktemp("nearest")
    save(folder, TASK, texts, [*texts, query], k)
    assert loader(folder).messages(query) == expected(TASK, texts, [*texts, query], k, query)


def test_the_loader_needs_python_alone(tmp_path: Path) -> None:
    save(tmp_path, TASK, LABELLED, LABELLED, 2)
    code = (
        "import sys, json; from retrieve import messages; chat = messages('the same words');"
        "heavy = {'numpy', 'sklearn', 'neufs_tui'} & {*sys.modules};"
        "print(json.dumps([chat, [*heavy]]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    chat, imported = json.loads(ran.stdout)
    assert imported == []
    assert chat[-3]["content"] == "Text: The same  WORDS"


def test_more_than_are_labelled_are_refused() -> None:
    with pytest.raises(ExportError, match="3 nearest examples were asked for and 2 examples are"):
        retrieval_files(TASK, [labelled("a"), labelled("b", seq=2)], ["a", "b"], 3)
