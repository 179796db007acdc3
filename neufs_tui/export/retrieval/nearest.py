"""The labelled examples nearest to a text, and the space in which that is measured without a model.

The loader of an exported folder (`retrieve.py`) finds the same without a library; its terms are
those of `tfidf`, and a test compares what both find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neufs_tui.export.retrieval.retrieve import DECIMALS, terms

Vectors = Any
"""One vector a text, shape (n, d): a NumPy array, or a sparse matrix of SciPy."""


def nearest(
    labelled: Vectors, queries: Vectors, k: int, *, own: Sequence[int | None]
) -> list[list[int]]:
    """The k labelled examples with the largest cosine to each query, the nearest last.

    Of equally near ones that which was labelled first is nearer.

    Args:
        labelled: of the labelled examples, in labelling order.
        queries: of the texts that are to see them.
        k: how many each sees, or all that there are.
        own: place among the labelled ones of the query itself, which does not see its own label;
            None for one that is not labelled.

    Returns:
        Places among the labelled examples, for each query.
    """
    from sklearn.metrics.pairwise import cosine_similarity

    cosines = np.round(cosine_similarity(queries, labelled), DECIMALS)
    orders = np.argsort(-cosines, axis=1, kind="stable").tolist()
    return [
        [place for place in order if place != itself][:k][::-1]
        for order, itself in zip(orders, own, strict=True)
    ]


def tfidf(labelled: Sequence[str], pool: Sequence[str]) -> Any:
    """scikit-learn's vectorizer over the terms that labelled texts have.

    Terms of other texts alone would make all cosines smaller alike.

    Args:
        labelled: the labelled texts.
        pool: texts that say how rare a term is.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    known = sorted({term for text in labelled for term in terms(text)})
    return TfidfVectorizer(analyzer=terms, vocabulary=known, sublinear_tf=True).fit(pool)


def tfidf_weights(labelled: Sequence[str], pool: Sequence[str]) -> dict[str, float]:
    """How much each term counts that labelled texts have; as `tfidf`."""
    fitted = tfidf(labelled, pool)
    return dict(zip(fitted.get_feature_names_out().tolist(), fitted.idf_.tolist(), strict=True))
