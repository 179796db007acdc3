"""The best candidate is found exactly, whatever is left unread."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.model.answers import AnswerTree, build_answer_tree
from neufs_tui.model.scoring import CandidateScores

VOCABULARY = 12

candidate_sets = st.lists(
    st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=6).map(tuple),
    min_size=1,
    max_size=20,
    unique=True,
)


def logits(answers: AnswerTree, n_rows: int, seed: int) -> torch.Tensor:
    """What a model would predict everywhere, shape (row, slot, vocabulary)."""
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(n_rows, answers.n_slots, VOCABULARY, generator=generator)


def read_all(scores: CandidateScores, truth: torch.Tensor) -> int:
    """Give the scores what they want until they want nothing; how many slots that took."""
    wanted = torch.zeros(truth.shape[:2], dtype=torch.bool)
    wanted[:, 0] = True
    n_read = 0
    while wanted.any():
        rows, slots = wanted.nonzero(as_tuple=True)
        scores.observe(rows, slots, truth[rows, slots])
        n_read += len(rows)
        wanted = scores.wanted()
    return n_read


@settings(deadline=None)
@given(candidate_sets, st.integers(0, 10**6))
def test_reading_only_contenders_finds_the_best_and_bounds_the_rest(
    candidates: list[tuple[int, ...]], seed: int
) -> None:
    answers = build_answer_tree(candidates)
    truth = logits(answers, 3, seed)
    log_probability = truth.log_softmax(dim=2)
    expected = torch.tensor(
        [
            [
                sum(
                    log_probability[row, slot, token].item()
                    for slot, token in zip(slots, candidate, strict=False)
                )
                / len(candidate)
                for slots, candidate in zip(
                    answers.candidate_slots.tolist(), candidates, strict=True
                )
            ]
            for row in range(3)
        ]
    )
    every = CandidateScores(answers, 3, None)
    assert read_all(every, truth) == 3 * answers.n_slots
    torch.testing.assert_close(every.final()[0], expected, rtol=1e-4, atol=1e-4)

    neutral = torch.full((len(answers.edge_tokens),), -0.5)
    contenders = CandidateScores(answers, 3, neutral)
    read_all(contenders, truth)
    scores, best = contenders.final()
    rows = torch.arange(3)
    torch.testing.assert_close(expected[rows, best], expected.amax(dim=1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(scores[rows, best], scores.amax(dim=1))


def test_candidates_that_cannot_win_are_not_read() -> None:
    sure, hopeless = (0, 0), [(token, *[1] * 5) for token in range(1, 11)]
    answers = build_answer_tree([sure, *hopeless])
    truth = torch.zeros(1, answers.n_slots, VOCABULARY)
    truth[:, :, 0] = 40.0
    scores = CandidateScores(answers, 1, torch.zeros(len(answers.edge_tokens)))
    n_read = read_all(scores, truth)
    assert n_read <= 1 + 1 + 5  # the prompt, the sure candidate, and the other of the first two
    assert scores.final()[1].item() == 0
