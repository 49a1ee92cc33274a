"""Which rows may be learned from and which are only measured on: sentences that are alike stand on one side."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from inbox.rules import tagging

SIMILAR = 0.7  # of two rows' four-letter shingles in common; from there on they are the same sentence for us
TEST_TENTHS = 4


def normal(text: str) -> str:
    plain = re.sub(r"\d[\d.,-]*", "0", tagging.fold(text))
    return " ".join(re.sub(r"[^\w\s]", " ", plain).split())


def groups(texts: Sequence[str]) -> list[int]:
    """The same number for rows that are alike, directly or through others."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import CountVectorizer

    shingles = CountVectorizer(analyzer="char_wb", ngram_range=(4, 4), binary=True, dtype=np.float32)
    found = shingles.fit_transform([normal(text) for text in texts])
    sizes = np.asarray(found.sum(axis=1)).ravel()
    common = (found @ found.T).tocoo()
    alike = common.data >= SIMILAR * (sizes[common.row] + sizes[common.col] - common.data)
    links = coo_matrix((np.ones(alike.sum()), (common.row[alike], common.col[alike])), shape=common.shape)
    labels: list[int] = connected_components(links, directed=False)[1].tolist()
    return labels


def divide(texts: Sequence[str]) -> tuple[list[int], list[int], int]:
    """Rows to learn from, rows to test on, and how many groups. A group stands on the side that its first words choose."""
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups(texts)):
        members[group].append(row)
    learn: list[int] = []
    test: list[int] = []
    for rows in members.values():
        key = min(normal(texts[row]) for row in rows)
        tenth = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 10
        (test if tenth < TEST_TENTHS else learn).extend(rows)
    return sorted(learn), sorted(test), len(members)
