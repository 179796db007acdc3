"""The prompt as LangChain and DSPy keep it, read again."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from neufs_tui.export.checks.found import PROBE, Found
from neufs_tui.export.checks.reading import Check, Strict, TextLabel, turns_found
from neufs_tui.export.few_shot_set import FewShotSet


class _Constructed(Strict):
    lc: Literal[1]
    type: Literal["constructor"]
    id: list[str]
    kwargs: dict[str, Any]


_LANGCHAIN = {"SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant"}


def _langchain(path: Path, _: FewShotSet) -> Found:
    template = _Constructed.model_validate_json(path.read_bytes())
    *shown, last = [_Constructed.model_validate(one) for one in template.kwargs["messages"]]
    question = _Constructed.model_validate(last.kwargs["prompt"])
    asked = question.kwargs["template"].format(text=PROBE)
    turns = [(_LANGCHAIN[one.id[-1]], one.kwargs["content"]) for one in shown]
    return turns_found([*turns, ("user", asked)], asks=True)


class _DspyField(Strict):
    prefix: str
    description: str


class _DspySignature(Strict):
    instructions: str
    fields: Annotated[list[_DspyField], Field(min_length=2, max_length=2)]


class _DspyState(Strict):
    traces: list[Any]
    train: list[Any]
    demos: list[TextLabel]
    signature: _DspySignature
    lm: None
    metadata: dict[str, Any]


def _dspy(path: Path, _: FewShotSet) -> Found:
    state = _DspyState.model_validate_json(path.read_bytes())
    shots = [(one.text, one.label) for one in state.demos]
    return Found(shots, state.signature.instructions)


def _langchain_loaded(path: Path, _: FewShotSet) -> Found:
    from langchain_core.load import load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # loading is announced as beta
        prompt = load(json.loads(path.read_bytes()), allowed_objects="core")
    roles = {"system": "system", "human": "user", "ai": "assistant"}
    turns = [(roles[one.type], one.content) for one in prompt.format_messages(text=PROBE)]
    return turns_found(turns, asks=True)


def _dspy_loaded(path: Path, _: FewShotSet) -> Found:
    import dspy

    predict = dspy.Predict("text -> label")
    predict.load(str(path))
    shots = [(one["text"], one["label"]) for one in predict.demos]
    return Found(shots, predict.signature.instructions)


CHECKS = {
    "langchain": Check(_langchain, "langchain-core", _langchain_loaded),
    "dspy": Check(_dspy, "dspy", _dspy_loaded),
}
"""Name of a format → how it is read again."""
