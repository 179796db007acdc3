"""One row an example, in the fields that training and evaluation tools look for."""

from __future__ import annotations

import re

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Shape
from neufs_tui.export.formats.rows import json_line

_BREAKS_LINE = re.compile(r"[\n\r\x00]")
_FASTTEXT_SPACE = re.compile(r"[ \n\r\t\v\f\x00]")
"""What ends a word for fastText."""


def dspy_trainset(few_shot: FewShotSet) -> str:
    """Rows with `text` and `label`, each of which is a `dspy.Example`."""
    return "".join(
        json_line({"text": one.example.text, "label": one.answer.text}) for one in few_shot.labelled
    )


def spacy_llm_examples(few_shot: FewShotSet) -> str:
    """Rows with `text` and `answer`, as spacy-llm's FewShotReader takes them."""
    return "".join(
        json_line({"text": one.example.text, "answer": one.answer.text})
        for one in few_shot.labelled
    )


def inspect_samples(few_shot: FewShotSet) -> str:
    """Rows with `id`, `input` and `target`, which Inspect AI takes as samples."""
    return "".join(
        json_line(
            {
                "id": str(one.example.stable_id),
                "input": one.example.text,
                "target": one.answer.text,
            }
        )
        for one in few_shot.labelled
    )


def fasttext_lines(few_shot: FewShotSet) -> str:
    """Lines of `__label__` with the label, a space and the text.

    Raises:
        ExportError: a text or a label would be read otherwise than it was written.
    """
    return "".join(_fasttext_line(one) for one in few_shot.labelled)


def _fasttext_line(one: LabelledExample) -> str:
    text, label = one.example.text, one.answer.text
    if _FASTTEXT_SPACE.search(label):
        raise ExportError(
            f"fasttext ends a label at the first blank, and {label!r} has one",
            hint="give the label a name without blanks, or choose another format",
        )
    words = _FASTTEXT_SPACE.split(text)
    found = {
        "a line break": _BREAKS_LINE.search(text) is not None,
        "a word that it takes for a label": any(word.startswith("__label__") for word in words),
        "</s>, which ends a line": "</s>" in words,
    }
    for what, is_there in found.items():
        if is_there:
            raise ExportError(
                f"fasttext cannot hold example {one.example.number:,}: its text has {what}",
                hint="choose another format, or leave the example out by flagging it",
            )
    return f"__label__{label} {text}\n"


FORMATS = {
    "spacy-llm": Format(
        Shape.PROMPT,
        "spacy-llm, whose template writes a prompt of its own",
        KEPT,
        "spacy_llm.jsonl",
        spacy_llm_examples,
        '[components.llm.task.examples]\n@misc = "spacy.FewShotReader.v1"\n'
        'path = "spacy_llm.jsonl"',
        by_suffix=True,
    ),
    "dspy-trainset": Format(
        Shape.ROWS,
        "DSPy's optimizers",
        "kept; LabeledFewShot samples unless told sample=False",
        "dspy_trainset.jsonl",
        dspy_trainset,
        'rows = map(json.loads, open("dspy_trainset.jsonl"))\n'
        'trainset = [dspy.Example(**row).with_inputs("text") for row in rows]',
    ),
    "inspect": Format(
        Shape.ROWS,
        "Inspect AI",
        "kept unless shuffled",
        "inspect.jsonl",
        inspect_samples,
        'samples = inspect_ai.dataset.json_dataset("inspect.jsonl")',
        by_suffix=True,
    ),
    "fasttext": Format(
        Shape.ROWS,
        "fastText",
        "kept in the file; training shuffles",
        "fasttext.txt",
        fasttext_lines,
        'fasttext.train_supervised("fasttext.txt")',
    ),
}
"""Name → format."""
