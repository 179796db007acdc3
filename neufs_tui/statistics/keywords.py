"""The words that some texts of a pool have oftener than the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import hypergeom

_WORD = re.compile(r"[^\W_][\w'’-]*")
_PRIOR = 10.0
"""Texts that the prior counts for."""
_LEAST = 2
"""Texts that a word has to stand in."""
_ERROR = 0.05
"""Chance that texts drawn at random have any keyword, at most."""


def words(text: str) -> set[str]:
    """The words of a text in lower case, without single letters and digits."""
    return {word for word in _WORD.findall(text.lower()) if len(word) > 1}


class Keywords:
    """Which words stand in which texts of a pool."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Read n texts."""
        columns: dict[str, int] = {}
        places: list[int] = []
        ends = [0]
        for text in texts:
            places += (columns.setdefault(word, len(columns)) for word in sorted(words(text)))
            ends.append(len(places))
        self._words = [*columns]
        ones = np.ones(len(places), dtype=np.int32)
        self._stands = csr_matrix((ones, places, ends), shape=(len(texts), len(columns)))
        self._n_texts: NDArray[np.int64] = np.bincount(places, minlength=len(columns))

    def of(self, places: Sequence[int], n: int) -> tuple[str, ...]:
        """The words that tell some texts from the rest, the one that tells most first.

        Counted are texts, not occurrences, so that no long text decides. A word is a keyword when
        as many texts drawn at random would hardly have it as often, however many words are looked
        at (Fisher's exact test, corrected by Bonferroni).

        Args:
            places: of the texts.
            n: words at most.

        Source: their order is by Monroe, Colaresi and Quinn, Fightin' Words, 2008, eq. 16 and 22:
        log-odds with an informative Dirichlet prior, which is the pool's own frequencies.
        """
        n_texts = self._stands.shape[0]
        n_rest = n_texts - len(places)
        inside = np.asarray(self._stands[list(places)].sum(axis=0)).ravel()
        candidates = np.flatnonzero(inside >= _LEAST)
        if not len(candidates) or not n_rest:
            return ()
        here = inside[candidates]
        there = self._n_texts[candidates] - here
        share = self._n_texts[candidates] / n_texts
        odds = []
        for count, of in ((here, len(places)), (there, n_rest)):
            has = count + _PRIOR * share
            odds.append(np.log(has) - np.log(of + _PRIOR - has + 1e-9))
        spread = np.sqrt(1 / (here + _PRIOR * share) + 1 / (there + _PRIOR * share))
        scores = (odds[0] - odds[1]) / spread
        by_chance = hypergeom.sf(here - 1, n_texts, here + there, len(places))
        scores[by_chance > _ERROR / len(candidates)] = -np.inf
        best = np.argsort(-scores, kind="stable")[:n]
        return tuple(self._words[candidates[one]] for one in best if scores[one] > -np.inf)
