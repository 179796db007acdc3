"""Rows in the fields that training and evaluation tools look for, read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neufs_tui.export.checks.found import Found, Shot
from neufs_tui.export.checks.reading import Check, Strict, Text, TextLabel, rows
from neufs_tui.export.few_shot_set import FewShotSet


class _SpacyExample(Strict):
    text: Text
    answer: Text


def _spacy_llm(path: Path, _: FewShotSet) -> Found:
    return Found([(one.text, one.answer) for one in rows(path, _SpacyExample)])


def _dspy_trainset(path: Path, _: FewShotSet) -> Found:
    return Found([(one.text, one.label) for one in rows(path, TextLabel)])


class _InspectSample(Strict):
    id: str
    input: Text
    target: Text


def _inspect(path: Path, _: FewShotSet) -> Found:
    return Found([(one.input, one.target) for one in rows(path, _InspectSample)])


def _fasttext(path: Path, _: FewShotSet) -> Found:
    return Found([*_fasttext_lines(path)])


def _fasttext_lines(path: Path) -> Iterator[Shot]:
    for line in path.read_bytes().decode().split("\n")[:-1]:
        label, text = line.split(" ", 1)
        yield text, label.removeprefix("__label__")


def _spacy_llm_loaded(path: Path, _: FewShotSet) -> Found:
    from spacy_llm.registry import fewshot_reader

    return Found([(one["text"], one["answer"]) for one in fewshot_reader(str(path))()])


def _dspy_trainset_loaded(path: Path, few_shot: FewShotSet) -> Found:
    """By the optimizer that shows a set as it is."""
    import dspy

    trainset = [
        dspy.Example(text=one.text, label=one.label).with_inputs("text")
        for one in rows(path, TextLabel)
    ]
    optimizer = dspy.LabeledFewShot(k=len(trainset))
    predict = optimizer.compile(dspy.Predict("text -> label"), trainset=trainset, sample=False)
    return Found([(one["text"], one["label"]) for one in predict.demos])


def _inspect_loaded(path: Path, _: FewShotSet) -> Found:
    from inspect_ai.dataset import json_dataset

    return Found([(one.input, one.target) for one in json_dataset(str(path))])


def _fasttext_loaded(path: Path, few_shot: FewShotSet) -> Found:
    """By its tokenizer, word by word; training itself fails on a handful of texts."""
    from fasttext import tokenize

    found = _fasttext(path, few_shot)
    for number, (text, label) in enumerate(found.shots, start=1):
        first, *words = tokenize(f"__label__{label} {text}")
        if first != f"__label__{label}" or words != tokenize(text):
            raise ValueError(f"line {number} has other words")
    return found


CHECKS = {
    "spacy-llm": Check(_spacy_llm, "spacy-llm", _spacy_llm_loaded),
    "dspy-trainset": Check(_dspy_trainset, "dspy", _dspy_trainset_loaded),
    "inspect": Check(_inspect, "inspect_ai", _inspect_loaded),
    "fasttext": Check(_fasttext, "fasttext-numpy2-wheel", _fasttext_loaded),
}
"""Name of a format → how it is read again."""
