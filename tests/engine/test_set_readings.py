"""Texts behind sets of demonstrations: the scores are those of whole prompts, and are kept."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Demonstration
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import EngineConfig, EngineEvent, ScanProgressed
from neufs_tui.engine.set_readings import Wanted, WantedEach, ends, read_sets
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.score_runner import ScoreRunner
from tests.engine.test_scanning import config, pool
from tests.models import load

TEXTS = pool(12)
SETS = ((), (Demonstration("one", "yes"), Demonstration("two and more", "no")))
LIKE = tuple(Demonstration(f"{one} and the rest of it", "yes") for one in ("a", "b", "c", "d"))
ALIKE = (LIKE[:2], (LIKE[0], LIKE[2]), LIKE, LIKE[:3], LIKE[1:])
"""Sets that begin alike, not in the order in which they are best read."""


@pytest.fixture
def settings(tiny_llama: Path, tmp_path: Path) -> EngineConfig:
    model = ModelChoice(str(tiny_llama), device="cpu", dtype="float32")
    return replace(config((), tmp_path, batch_halvings=5), model=model)


def heard(told: list[EngineEvent]) -> list[tuple[int, int]]:
    return [(one.done, one.total) for one in told if isinstance(one, ScanProgressed)]


def test_scores_are_those_of_whole_prompts_and_labels_are_read_to_their_end(
    settings: EngineConfig, tiny_llama: Path
) -> None:
    read = read_sets(settings, [Wanted(shown, TEXTS) for shown in SETS], lambda _: None)
    loaded = load(tiny_llama)
    encoder = PromptEncoder(loaded.tokenizer, settings.task, context_window=loaded.context_window)
    assert read.lengths.tolist() == [len(one) for one in encoder.candidates]
    for shown, found in zip(SETS, read.sets, strict=True):
        assert found.demonstrations == shown
        for example, scores in zip(TEXTS, found.scores, strict=True):
            prompt = encoder.prompt(example.text, shown).ids
            for candidate, score in zip(encoder.candidates, scores, strict=True):
                ids = torch.tensor([[*prompt, *candidate]])
                with torch.inference_mode():
                    logits = loaded.model(input_ids=ids).logits[0].log_softmax(dim=1)
                places = range(len(prompt) - 1, len(prompt) + len(candidate) - 1)
                expected = np.mean([float(logits[at, ids[0, at + 1]]) for at in places])
                assert score == pytest.approx(expected, abs=1e-4)


def test_a_run_that_was_ended_goes_on_where_it_was(
    settings: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [Wanted(shown, TEXTS) for shown in (*SETS, *ALIKE)]
    elsewhere = replace(settings, cache_dir=settings.cache_dir / "whole")
    whole = read_sets(elsewhere, wanted, lambda _: None)
    n_read: list[int] = []
    scores = ScoreRunner.scores

    def counted(runner: ScoreRunner, prompts: list) -> list:
        n_read.append(len(prompts))
        return scores(runner, prompts)

    def ends(event: EngineEvent) -> None:
        if isinstance(event, ScanProgressed) and event.done > 50:
            raise KeyboardInterrupt

    monkeypatch.setattr(ScoreRunner, "scores", counted)
    with pytest.raises(KeyboardInterrupt):
        read_sets(settings, wanted, ends)
    assert 50 < sum(n_read) < 84
    told: list[EngineEvent] = []
    again = read_sets(settings, wanted, told.append)
    assert sum(n_read) == 84  # no prompt is read twice
    assert heard(told)[-1] == (84, 84)
    assert heard(told) == sorted(heard(told))
    for one, other in zip(again.sets, whole.sets, strict=True):
        assert (one.scores == other.scores).all()  # the batches are the same, to the last bit


def test_what_sets_begin_with_alike_is_read_once_and_scores_do_not_depend_on_what_was_read_before(
    settings: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_read: list[int] = []
    share = ScoreRunner.share

    def counted(runner: ScoreRunner, ids: tuple[int, ...]) -> int:
        n_read.append(share(runner, ids))
        return n_read[-1]

    monkeypatch.setattr(ScoreRunner, "share", counted)
    wanted = [Wanted(shown, TEXTS) for shown in ALIKE]
    together = read_sets(settings, wanted, lambda _: None)
    n_together = sum(n_read)
    n_read.clear()
    for place in reversed(range(len(ALIKE))):
        shutil.rmtree(settings.cache_dir / "scores")
        # as if the others, which are wanted too, were known already
        others = [Wanted(shown, []) for shown in ALIKE]
        others[place] = wanted[place]
        alone = read_sets(settings, others, lambda _: None)
        assert (alone.sets[place].scores == together.sets[place].scores).all()
    assert n_together < 0.65 * sum(n_read)
    assert [one.demonstrations for one in together.sets] == [*ALIKE]


@given(st.lists(st.lists(st.sampled_from(LIKE), max_size=4).map(tuple), min_size=1, max_size=6))
def test_sets_are_cut_alike_as_far_as_they_are_alike(
    sets: list[tuple[Demonstration, ...]],
) -> None:
    for this in sets:
        cuts = ends(this, sets)
        assert cuts == sorted({*cuts}) and cuts[-1] == len(this)
        for that in sets:
            n = max(n for n in range(len(this) + 1) if this[:n] == that[:n])
            assert n in cuts
            assert [cut for cut in cuts if cut <= n] == [
                cut for cut in ends(that, sets) if cut <= n
            ]


def test_a_text_is_read_once_for_all_tests_that_have_it(settings: EngineConfig) -> None:
    told: list[EngineEvent] = []
    read = read_sets(settings, [Wanted((), [*TEXTS[:3], *TEXTS[:2]])], told.append)
    assert heard(told)[-1] == (3, 3)
    assert (read.sets[0].scores[:2] == read.sets[0].scores[3:]).all()


def test_other_demonstrations_or_labels_share_nothing(settings: EngineConfig) -> None:
    first = read_sets(settings, [Wanted((), TEXTS)], lambda _: None)
    told: list[EngineEvent] = []
    read_sets(settings, [Wanted(SETS[1], TEXTS), Wanted((), TEXTS)], told.append)
    assert heard(told)[0] == (12, 24)
    labels = tuple(reversed(settings.task.labels))
    other = replace(settings, task=replace(settings.task, labels=labels))
    turned = read_sets(other, [Wanted((), TEXTS)], lambda _: None)
    assert turned.lengths.tolist() == first.lengths.tolist()[::-1]


def test_texts_may_each_have_demonstrations_of_their_own(settings: EngineConfig) -> None:
    own = [ALIKE[place % 3] for place in range(len(TEXTS))]
    sets = [Wanted(shown, TEXTS) for shown in ALIKE[:3]]
    together = read_sets(settings, [WantedEach(own, TEXTS), *sets], lambda _: None).sets
    assert together[0].demonstrations == ALIKE[0]  # the smallest
    expected = [together[1 + place % 3].scores[place] for place in range(len(TEXTS))]
    assert together[0].scores == pytest.approx(np.array(expected), abs=1e-4)


def test_only_texts_whose_own_demonstrations_are_others_are_read_again(
    settings: EngineConfig,
) -> None:
    own = [ALIKE[place % 3] for place in range(len(TEXTS))]
    first = read_sets(settings, [WantedEach(own, TEXTS)], lambda _: None).sets[0]
    told: list[EngineEvent] = []
    changed = [LIKE[1:], *own[1:]]
    again = read_sets(settings, [WantedEach(changed, TEXTS)], told.append).sets[0]
    assert heard(told)[0] == (11, 12)
    assert (again.scores[1:] == first.scores[1:]).all()
    assert (again.scores[0] != first.scores[0]).any()
