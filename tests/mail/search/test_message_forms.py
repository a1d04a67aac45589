"""`--unique`: what is linked as one message is counted and shown once, in every order and over all pages (P-23, promise 8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.mail.search.counts import unique
from civicmail.mail.search.message_forms import MessageForms
from civicmail.mail.search.order import Sort
from mail.search.generated import captures
from mail.search.test_oracle import build
from mail.search.test_search import all_pages, tree


def link(data: Path, *pairs: tuple[str, str]) -> None:
    (data / "links").write_bytes(b"".join(bytes.fromhex(a) + bytes.fromhex(b) for a, b in pairs))


def test_links_join_forms_into_one_message_whatever_their_order(tmp_path: Path) -> None:
    a, b, c, d = (bytes([n]) * 32 for n in range(4))
    for pairs in ([(b, a), (c, b), (d, d)], [(c, b), (b, a)], [(a, b), (a, c), (a, c)]):
        (tmp_path / "links").write_bytes(b"".join(x + y for x, y in pairs))
        groups = MessageForms(tmp_path)
        assert groups.canonical(a) == groups.canonical(b) == groups.canonical(c) != groups.canonical(d)
        assert groups.forms(b) == {a, b, c}
        assert groups.forms(d) == {d}
    assert not MessageForms(tmp_path / "none")


@pytest.mark.rule("P-24, promise 8", "A message captured by smart host and by journal counts once in --unique.")
@pytest.mark.parametrize("sort", ["newest", "oldest", "relevance"])
def test_linked_captures_count_once_and_are_shown_once(tmp_path: Path, sort: Sort) -> None:
    reader, views = build(tmp_path, captures(11, 60))
    different = list(dict.fromkeys(v["sha256"] for v in views))
    assert unique(reader, tree("")) == len(different)
    link(tmp_path, (different[1], different[0]), (different[2], different[1]), (different[5], different[4]))
    assert unique(reader, tree("")) == len(different) - 3
    shown = [h.sha256 for h in all_pages(reader, tree(""), 7, sort, unique=True)]
    assert len(shown) == len(set(shown)) == len(different) - 3
    assert len(set(shown) & set(different[:3])) == 1
    only = f"id:{next(v['id'] for v in views if v['sha256'] == different[1])}"
    assert unique(reader, tree(only)) == 1, "a form that the query does not find takes nothing away"
