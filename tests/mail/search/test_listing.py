"""What is narrowed by somebody's labels: captures that are named one by one, and all that fits as ids alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.query.match import matches
from civicmail.core.query.tree import Among, And, Everything, Not, Range
from civicmail.mail.search import compile as compiling
from civicmail.mail.search.counts import count
from civicmail.mail.search.listing import hits, id_of, list_all
from civicmail.mail.search.search import search
from mail.search.generated import captures
from mail.search.test_oracle import build


@pytest.mark.parametrize("looked_up", [1_000, 10])
def test_captures_that_are_named_one_by_one_are_those_of_the_oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_up: int
) -> None:
    """Few and many, wanted and left out."""
    monkeypatch.setattr(compiling, "LOOKED_UP", looked_up)
    reader, views = build(tmp_path, captures(5, 120))
    for some in ([], [v["id"] for v in views[::9]], [v["id"] for v in views[3:80]], ["0" * 32]):
        named = Among(frozenset(some))
        for tree in (named, Not(named), And((Range("attachments", 1), Not(named))), And((named, Everything()))):
            assert count(reader, tree) == sum(matches(tree, v) for v in views), (len(some), tree)


def test_all_that_fits_is_listed_newest_first_as_a_search_has_it(tmp_path: Path) -> None:
    reader, views = build(tmp_path, captures(6, 150))
    for tree in (Everything(), Range("attachments", 1), Among(frozenset())):
        found = list_all(reader, tree)
        assert {id_of(one).hex() for one in found} == {v["id"] for v in views if matches(tree, v)}
        assert list(hits(reader, found)) == list(search(reader, tree, limit=200, scored=False).hits)
