"""Pages: exact order, no hit twice and none left out, equal bytes folded, and what a hit says (promise 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree, View
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import coverage
from civicmail.mail.search.documents import document_of
from civicmail.mail.search.index import Indexes
from civicmail.mail.search.order import Sort
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import VERSION
from civicmail.mail.search.search import Hit, search
from mail.search.generated import NOW, captures
from mail.search.test_oracle import build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reader, list[View]]:
    return build(tmp_path_factory.mktemp("data"), captures(11, 300))


def tree(text: str) -> Tree:
    return parse(text, now=NOW)


def all_pages(reader: Reader, wanted: Tree, limit: int, sort: Sort, *, unique: bool = False) -> list[Hit]:
    found: list[Hit] = []
    cursor = ""
    while True:
        page = search(reader, wanted, limit=limit, sort=sort, cursor=cursor, unique=unique)
        assert len(page.hits) == limit or not page.cursor
        found += page.hits
        cursor = page.cursor
        if not cursor:
            return found


def name(hit: Hit) -> str:
    return hit.id.replace("-", "")


@pytest.mark.parametrize("limit", [1, 7, 300])
@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_order_of_receipt_is_total_over_pages_and_indexes(built: tuple[Reader, list[View]], sort: Sort, limit: int) -> None:
    reader, views = built
    hits = all_pages(reader, tree(""), limit, sort)
    assert [name(h) for h in hits] == sorted((v["id"] for v in views), reverse=sort == "newest")


@pytest.mark.parametrize("limit", [1, 7, 300])
def test_relevance_pages_leave_nothing_out_and_repeat_nothing(built: tuple[Reader, list[View]], limit: int) -> None:
    reader, _ = built
    whole = all_pages(reader, tree("budget OR council"), 1000, "relevance")
    pages = all_pages(reader, tree("budget OR council"), limit, "relevance")
    assert [h.id for h in pages] == [h.id for h in whole]
    assert [h.score for h in whole] == sorted((h.score for h in whole), reverse=True)
    assert len({h.id for h in whole}) == len(whole) > 20
    assert not search(reader, tree("budget"), sort="relevance").exact


def test_relevance_without_a_word_to_rank_by_is_newest_first(built: tuple[Reader, list[View]]) -> None:
    reader, _ = built
    page = search(reader, tree("has:attachment"), sort="relevance", limit=5)
    assert page == search(reader, tree("has:attachment"), sort="newest", limit=5)
    assert page.exact


@pytest.mark.parametrize("sort", ["newest", "oldest", "relevance"])
@pytest.mark.parametrize("limit", [3, 100])
def test_unique_shows_each_message_once_and_the_first_of_its_captures(
    built: tuple[Reader, list[View]], sort: Sort, limit: int
) -> None:
    reader, views = built
    every = all_pages(reader, tree("budget OR council OR tax"), 1000, sort)
    first: dict[str, str] = {}
    for hit in every:
        first.setdefault(hit.sha256, hit.id)
    folded = all_pages(reader, tree("budget OR council OR tax"), limit, sort, unique=True)
    assert [h.id for h in folded] == list(first.values())
    assert len(folded) < len(every) < len(views)


@pytest.mark.rule("P-24, promise 8", "The order of receipt is total: pages leave nothing out and repeat nothing.")
def test_ties_in_the_first_64_bits_are_ordered_by_the_rest(tmp_path: Path) -> None:
    some = next(captures(1, 1))
    ids = [capture_id(1_700_000_000_000, bytes([1, 2, n % 64, n, 5, 6, 7, 8, 9, 10])) for n in range(40)]
    reader, views = build(tmp_path, [(at(some[0], id_), some[1]) for id_ in ids])
    assert len({v["id"][:16] for v in views}) == 1
    for limit in (1, 7):
        hits = all_pages(reader, tree(""), limit, "newest")
        assert [name(h) for h in hits] == sorted((v["id"] for v in views), reverse=True)


def test_a_cursor_of_another_order_is_refused(built: tuple[Reader, list[View]]) -> None:
    reader, _ = built
    cursor = search(reader, tree(""), limit=2).cursor
    for wrong, sort in ((cursor, "oldest"), ("n", "newest"), ("nonsense", "newest"), (cursor, "relevance")):
        with pytest.raises(QueryError, match="cursor"):
            search(reader, tree("budget"), cursor=wrong, sort=sort)  # type: ignore[arg-type]
    for odd in (f"n-{'0' * 14}1{'0' * 16}", f"n {'0' * 14}1{'0' * 16}", f"n{'0' * 16}-{'0' * 15}", f"r{'0' * 32}1p99999"):
        with pytest.raises(QueryError, match="cursor"):
            search(reader, tree("budget"), cursor=odd, sort="relevance" if odd[0] == "r" else "newest")
    for end in ("0" * 32, "f" * 32):
        assert len(search(reader, tree("budget"), cursor=f"n{end}").hits) in (0, 20)


def test_a_hit_says_what_the_archive_knows(tmp_path: Path) -> None:
    capture = at(next(captures(1, 1))[0], capture_id(1_700_000_000_123))
    body = (
        b"From: =?utf-8?q?J=C3=B6rg?= <j@x.example>, k@x.example\r\nTo: a@city.example, B <b@city.example>\r\n"
        b"Date: Tue, 14 Nov 2023 22:00:00 +0100\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n"
    )
    reader, _ = build(tmp_path, [(capture, body)])
    (hit,) = search(reader, tree("hello")).hits
    plain = hit.plain()
    assert plain.pop("score") > 0
    assert plain == {
        "id": capture.uuid,
        "sha256": capture.sha256.hex(),
        "received": "2023-11-14T22:13:20.123Z",
        "date": "2023-11-14T21:00:00.000Z",
        "from": "Jörg <j@x.example>, k@x.example",
        "to": ["a@city.example", "B <b@city.example>"],
        "subject": "Grüße",
        "size": capture.size,
    }


def test_a_header_date_that_cannot_be_true_is_replaced_by_receipt(tmp_path: Path) -> None:
    capture = at(next(captures(1, 1))[0], capture_id(1_700_000_000_000))
    reader, _ = build(tmp_path, [(capture, b"Date: Fri, 1 Jan 2038 00:00:00 +0000\r\nSubject: s\r\n\r\n")])
    (hit,) = search(reader, tree("on:2023-11-14")).hits
    assert hit.date is None
    assert not search(reader, tree("after:2024")).hits


def test_mail_of_many_years_at_once_stays_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.mail.search.index.PENDING_BYTES", 20_000)
    base, body = next(captures(1, 1))
    some = [at(base, capture_id(int(datetime(2000 + n % 9, 5, 1, tzinfo=UTC).timestamp() * 1000) + n)) for n in range(120)]
    reader, _ = build(tmp_path, [(c, body) for c in some])
    assert len(reader.searchers()) == 9
    assert [h.id for h in all_pages(reader, tree(""), 50, "oldest")] == [c.uuid for c in sorted(some, key=lambda c: c.id)]


def test_a_capture_that_is_disposed_of_is_found_no_more(tmp_path: Path) -> None:
    some = list(captures(1, 5))
    reader, _ = build(tmp_path, some)
    gone = some[2][0]
    indexes = Indexes(coverage.top(tmp_path) / "1", heap=15_000_000)
    indexes.delete(gone.class_, gone.received, gone.id)
    indexes.commit()
    indexes.close()
    reader.refresh()
    assert gone.uuid not in [h.id for h in search(reader, tree("")).hits]
    assert len(search(reader, tree("")).hits) == 4


def test_a_starred_phrase_that_stands_for_too_many_words_says_so(tmp_path: Path) -> None:
    base, _ = next(captures(1, 1))
    text = " ".join(f"a{n} b{n}" for n in range(20_000)).encode()
    reader, _ = build(tmp_path, [(base, b"Subject: s\r\n\r\n" + text)])
    assert len(search(reader, tree("a*")).hits) == 1
    assert len(search(reader, tree('"a12345 b123*"')).hits) == 1
    with pytest.raises(QueryError, match="longer"):
        search(reader, tree('"a12345 b*"'))


def test_a_reader_sees_commits_and_new_indexes_after_refresh(tmp_path: Path) -> None:
    some = list(captures(1, 60))
    generation = coverage.top(tmp_path) / "1"
    indexes = Indexes(generation, heap=15_000_000)
    indexes.add(document_of(*some[0]), replay=False)
    indexes.commit()
    coverage.save(generation, coverage.Coverage(VERSION))
    coverage.make_current(generation)
    reader = Reader(tmp_path)
    for capture, body in some[1:]:
        indexes.add(document_of(capture, body), replay=False)
    indexes.commit()
    assert len(search(reader, tree(""), limit=100).hits) == 1
    reader.refresh()
    assert len(search(reader, tree(""), limit=100).hits) == 60
    indexes.close()


def at(capture: Capture, id_: bytes) -> Capture:
    return replace(capture, id=id_, received=int.from_bytes(id_[:6]))
