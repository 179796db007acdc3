"""What reaches a model when the tools that exports are for ask it something."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from neufs_tui.core.prompts import chat_messages
from neufs_tui.export.few_shot_set import FewShotSet
from tests.export.test_formats import HARD, ODD, few_shot, store


def sent(given: FewShotSet, text: str) -> list[tuple[str, str]]:
    """What the program itself sends for a text."""
    chat = chat_messages(given.task, given.demonstrations, text)
    return [(turn["role"], turn["content"]) for turn in chat]


@pytest.fixture
def given() -> FewShotSet:
    return few_shot(ODD, HARD[:-1])


def test_langchain_sends_what_the_program_sends(given: FewShotSet, tmp_path: Path) -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.language_models.fake_chat_models import FakeListChatModel
    from langchain_core.load import load

    chats: list[Sequence[Any]] = []

    class Stub(FakeListChatModel):
        def _call(self, messages: Sequence[Any], *more: Any, **options: Any) -> str:
            chats.append(messages)
            return super()._call(list(messages), *more, **options)

    saved = json.loads(store("langchain", given, tmp_path).read_bytes())
    chain = load(saved, allowed_objects="core") | Stub(responses=["7"])
    for text in HARD:
        assert chain.invoke({"text": text}).content == "7"
    roles = {"system": "system", "human": "user", "ai": "assistant"}
    for text, chat in zip(HARD, chats, strict=True):
        assert [(roles[one.type], one.content) for one in chat] == sent(given, text)


def test_lm_eval_sends_what_the_program_sends_and_counts_what_is_right(
    given: FewShotSet, tmp_path: Path
) -> None:
    pytest.importorskip("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    chats: list[list[tuple[str, str]]] = []

    class Stub(LM):
        """Finds the second choice likeliest."""

        tokenizer_name = "stub"

        def apply_chat_template(
            self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
        ) -> str:
            chats.append([(turn["role"], turn["content"]) for turn in chat_history])
            return str(len(chats))

        def loglikelihood(self, requests: Sequence[Any], *_: Any) -> list[tuple[float, bool]]:
            return [(float(one.args[1] == "{answer} 7"), False) for one in requests]

        def loglikelihood_rolling(self, requests: Sequence[Any], *_: Any) -> list[float]:
            raise NotImplementedError

        def generate_until(self, requests: Sequence[Any], *_: Any) -> list[str]:
            raise NotImplementedError

    tests = [(one, given.task.label_names[at % 2]) for at, (one, _) in enumerate(given.tests)]
    given = FewShotSet(given.task, given.labelled, "odd_task", tests=tests)
    folder = store("lm-eval", given, tmp_path)
    with chdir(folder):
        told = simple_evaluate(
            Stub(),
            tasks=["odd_task"],
            task_manager=TaskManager(include_path=".", include_defaults=False),
            apply_chat_template=True,
            fewshot_as_multiturn=True,
            bootstrap_iters=0,
        )
    for (one, _), chat in zip(tests, chats, strict=True):
        assert chat == sent(given, one.text)
    right = sum(label == "7" for _, label in tests) / len(tests)
    assert told["results"]["odd_task"]["acc,none"] == pytest.approx(right)


def test_dspy_shows_the_demonstrations_in_their_order_with_their_texts(
    given: FewShotSet, tmp_path: Path
) -> None:
    dspy = pytest.importorskip("dspy")
    predict = dspy.Predict("text -> label")
    predict.load(str(store("dspy", given, tmp_path)))
    model = dspy.utils.DummyLM([{"label": "7"}])
    with dspy.context(lm=model):
        assert predict(text="new {x}").label == "7"
    system, *turns = model.history[-1]["messages"]
    assert "Sort {these} {{well}} {% if %}." in system["content"]
    shown = zip(given.demonstrations, turns[::2], turns[1::2], strict=False)
    for one, user, assistant in shown:
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert one.text.strip() in user["content"]  # its adapter strips each turn
        assert f"\n{one.answer}\n" in assistant["content"]
    assert len(turns) == 2 * len(given.demonstrations) + 1
    assert "new {x}" in turns[-1]["content"]
