"""What is told of a prompt is what the engine reads, id for id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from neufs_tui.core.exact_prompt import ExactPrompt
from neufs_tui.core.records import Answer, Decision, DecisionKind, Demonstration, Example, Label
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.exact_prompt import exact_prompt, load_encoder, templated, templated_prompt
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from tests.engine.test_rescoring import EXAMPLES, label, these
from tests.engine.test_scanning import TASK, config
from tests.models import load
from tests.tiny import save_tiny_model, tiny_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"), "llama", window=512)


@pytest.fixture(scope="module")
def loaded(folder: Path) -> LoadedModel:
    return load(folder)


@pytest.fixture
def wanted(folder: Path, tmp_path: Path) -> EngineConfig:
    model = ModelChoice(str(folder), device="cpu", dtype="float32")
    return replace(config(EXAMPLES, tmp_path, batch_halvings=4), model=model)


def coder(window: int = 10_000) -> PromptEncoder:
    return PromptEncoder(tiny_tokenizer(), TASK, context_window=window)


def prompt_of(
    example: Example,
    wanted: EngineConfig,
    decisions: list[Decision],
    *,
    window: int = 10_000,
    first: int | None = None,
) -> ExactPrompt:
    asked = (example.id, example.text)
    return exact_prompt(coder(window), wanted, decisions, *asked, first=first)


@pytest.mark.parametrize("n_labels", [1, 3, 30])
def test_it_is_the_prompt_that_is_reread(
    n_labels: int, wanted: EngineConfig, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions = [
        *map(label, range(n_labels)),
        Decision(EXAMPLES[31].id, DecisionKind.SKIP),
        Decision("gone", DecisionKind.LABEL, Answer("yes")),
        label(32, "of an earlier task"),
    ]
    rescorer = Rescorer(wanted, Scanner(wanted, loaded))
    read: list[tuple[int, ...]] = []
    capture = rescorer._runner.capture

    def noting(prompts: Sequence[EncodedPrompt]) -> object:
        read.extend(prompt.ids for prompt in prompts)
        return capture(prompts)

    monkeypatch.setattr(rescorer._runner, "capture", noting)
    asked = EXAMPLES[34:38]
    rescorer.follow(decisions)
    while rescorer.step(these([one.id for one in asked])):
        pass
    encoder = load_encoder(wanted)  # of the tokenizer alone
    told = [exact_prompt(encoder, wanted, decisions, one.id, one.text) for one in asked]
    assert sorted(read) == sorted(
        tuple(token for part in one.parts for token in part.ids) for one in told
    )
    for one in told:
        assert one.shown == rescorer.shown
        assert one.n_labels == n_labels
        assert one.n_tokens == one.ends[-1] == sum(part.n_tokens for part in one.parts)
        assert one.n_left >= 0
        assert [part.demonstration for part in one.parts if part.kind == "demonstration"] == [
            *range(len(one.shown))
        ]
    if n_labels == 30:
        assert 0 < len(told[0].shown) < 30


def test_the_first_labels_show_what_each_costs(wanted: EngineConfig) -> None:
    decisions = [label(place) for place in range(5)]
    told = [prompt_of(EXAMPLES[9], wanted, decisions, first=first) for first in range(6)]
    assert [len(one.shown) for one in told] == [0, 1, 2, 3, 4, 5]
    for before, after in pairwise(told):
        newest = [part for part in after.parts if part.kind == "demonstration"][-1]
        assert after.n_tokens - before.n_tokens == newest.n_tokens
    assert told[5] == prompt_of(EXAMPLES[9], wanted, decisions)
    assert not any(part.kind == "demonstration" for part in told[0].parts)


def test_a_labelled_example_is_not_its_own_demonstration(wanted: EngineConfig) -> None:
    decisions = [label(0), label(1), label(2)]
    told = prompt_of(EXAMPLES[1], wanted, decisions)
    assert told.shown == ((EXAMPLES[0].id, "yes"), (EXAMPLES[2].id, "yes"))
    assert told.text.count(EXAMPLES[1].text) == 1


def test_the_labels_are_those_that_are_scored(wanted: EngineConfig) -> None:
    told = prompt_of(EXAMPLES[0], wanted, [])
    assert [one.name for one in told.candidates] == list(TASK.label_names)
    for one, ids in zip(told.candidates, coder().candidates, strict=True):
        assert tuple(piece.ids[0] for piece in one.pieces) == ids


def test_a_text_without_its_middle_is_told(wanted: EngineConfig) -> None:
    long = replace(EXAMPLES[0], text="filling " * 400)
    told = prompt_of(long, wanted, [], window=300)
    assert told.truncated and " … " in told.text


def test_a_templated_prompt_gives_each_text_what_it_is_read_in(wanted: EngineConfig) -> None:
    shown = [Demonstration(one.text, "yes") for one in EXAMPLES[:3]]
    made = templated_prompt(wanted, shown)
    assert (made.placeholder, made.is_exact, len(made.demonstrations)) == ("{text}", True, 3)
    tokenizer, encoder = tiny_tokenizer(), coder()
    for text in ("one", "{two}", "  three, 4"):
        written = made.text.replace(made.placeholder, text)
        ids = tokenizer.encode(written, add_special_tokens=False)
        assert tuple(ids) == encoder.prompt(text, shown).ids


def test_a_placeholder_that_the_prompt_holds_itself_gives_way(wanted: EngineConfig) -> None:
    shown = [Demonstration("write {text} here", "yes"), Demonstration("or {text_2}", "yes")]
    made = templated(coder(), shown)
    assert made.placeholder == "{text_3}"
    assert made.text.count(made.placeholder) == 1
    assert made.text.replace("{text_3}", "so") == "".join(
        part.text for part in coder().parts("so", shown)
    )


def test_a_text_that_stands_twice_is_replaced_twice() -> None:
    task = replace(TASK, input="{text}\nAgain: {text}", labels=(Label("yes"), Label("no")))
    encoder = PromptEncoder(tiny_tokenizer(), task, context_window=10_000)
    made = templated(encoder, [])
    assert made.text.count("{text}") == 2
    ids = tiny_tokenizer().encode(made.text.replace("{text}", "so"), add_special_tokens=False)
    assert tuple(ids) == encoder.prompt("so").ids


def test_the_oldest_demonstrations_leave_a_templated_prompt_that_outgrows_the_window() -> None:
    shown = [Demonstration(f"text number {n}", "yes") for n in range(60)]
    made = templated(coder(500), shown)
    assert made.demonstrations == coder(500).fitting(shown) != tuple(shown)
    assert made.n_tokens < 500


def test_a_prompt_that_holds_what_looks_like_a_special_token_is_not_exact() -> None:
    assert not templated(coder(), [Demonstration("a <|end|> b", "yes")]).is_exact
