"""The index counts what query.matches counts (issue 2, "found"; acceptance 2; promise 8)."""

from __future__ import annotations

import hashlib
import mailbox
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from civicmail.core.message import message_parser
from civicmail.core.message.model import Address, Attached, Envelope, Fields, Recipient
from civicmail.core.query.errors import QueryError
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import EXACT, TEXTS, Near, Text, Token, Tree, View, Words
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.search import coverage
from civicmail.mail.search.attachments import Extract, attachment_text
from civicmail.mail.search.counts import count, count_each, unique
from civicmail.mail.search.documents import document_of
from civicmail.mail.search.fields import view
from civicmail.mail.search.index import Indexes
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import VERSION
from civicmail.mail.search.search import search
from mail.search.generated import NOW, captures, look, queries

WANTED = 200


def build(data: Path, found: Iterable[tuple[Capture, bytes]]) -> tuple[Reader, list[View]]:
    generation = coverage.top(data) / "1"
    indexes = Indexes(generation, heap=15_000_000)
    views = []
    for n, (capture, body) in enumerate(found):
        fields = message_parser.fields(body)
        views.append(view(capture, fields, attachment_text(fields, look)))
        indexes.add(document_of(capture, body, fields, look), replay=False)
        if n % 250 == 100:
            indexes.commit()
    indexes.commit()
    indexes.close()
    coverage.save(generation, coverage.Coverage(VERSION))
    coverage.make_current(generation)
    return Reader(data), views


def trees(texts: Iterable[str]) -> Iterator[tuple[str, Tree]]:
    for text in texts:
        try:
            yield text, parse(text, now=NOW)
        except QueryError:
            continue


def agree(reader: Reader, views: list[View], texts: Iterable[str]) -> int:
    """Compare and return how many queries found some captures and not all of them."""
    telling = 0
    for text, tree in trees(texts):
        fitting = [v for v in views if matches(tree, v)]
        assert count(reader, tree) == len(fitting), text
        assert unique(reader, tree) == len({v["sha256"] for v in fitting}), text
        page = search(reader, tree, limit=30)
        assert [h.id.replace("-", "") for h in page.hits] == sorted((v["id"] for v in fitting), reverse=True)[:30], text
        telling += 0 < len(fitting) < len(views)
    return telling


@pytest.mark.rule("P-24, promise 8", "The index counts what query.matches counts.")
def test_200_generated_queries_over_generated_mail(tmp_path: Path) -> None:
    reader, views = build(tmp_path, captures(1, 700))
    some = views[5]
    texts = [*queries(2, WANTED + 40), f"id:{some['id'][:14]}", f"sha256:{some['sha256']}", f"messageid:{some['messageid']}"]
    assert len(list(trees(texts))) >= WANTED
    assert agree(reader, views, texts) > WANTED // 2


@pytest.mark.corpora
def test_200_generated_queries_over_real_mail(tmp_path: Path) -> None:
    reader, views = build(tmp_path, real_mail(Path(os.environ["CIVICMAIL_CORPORA"])))
    assert len(views) > 300
    vocabulary = sorted({w for v in views for f in ("subject", "body") for w in v[f].split()})
    senders = sorted({w for v in views for w in v["from"].split() if "@" in w[1:-1]})
    step, second = max(1, len(vocabulary) // WANTED), len(senders) // 50 or 1
    texts = [f"{w} -{vocabulary[(n * 7919) % len(vocabulary)]}" for n, w in enumerate(vocabulary[::step]) if w.isalnum()]
    texts = texts[:70] + [f'"{" ".join(v["body"].split()[3:5])}"' for v in views[:: max(1, len(views) // 60)]]
    texts += [f"{w[:3]}* before:2008" for w in vocabulary[:: step * 5] if w.isalnum()]
    texts += [f"from:{w}" for w in senders[::second]]
    assert len(list(trees(texts))) >= WANTED
    assert agree(reader, views, texts) > WANTED // 2


def real_mail(corpora: Path) -> Iterator[tuple[Capture, bytes]]:
    """Single messages of every shape, and some of a mailbox."""
    files = sorted(p for suffix in ("eml", "txt") for p in corpora.rglob(f"*.{suffix}") if p.stat().st_size < 60_000)[::4][:500]
    bodies = [p.read_bytes() for p in files]
    for path in sorted(corpora.rglob("*.mbox"))[:1]:
        box = mailbox.mbox(path, create=False)
        bodies += [box.get_bytes(key) for key in box.keys()[:200]]
        box.close()
    for n, body in enumerate(bodies):
        received = 1_100_000_000_000 + n * 7_000_000_000
        envelope = Envelope("", (Recipient("clerk@city.example"),), received)
        digest = hashlib.sha256(body).digest()
        yield (
            Capture(capture_id(received), received, digest, len(body), bytes(32), Source("import"), envelope),
            body,
        )


@pytest.mark.rule("P-24, promise 8", "AROUND n means at most n words between, in either order, in the index as in matches.")
def test_words_of_any_script_are_found_as_the_oracle_finds_them(tmp_path: Path) -> None:
    """Random characters of all planes: what fold() leaves is split alike by the index and by matches()."""
    chance = random.Random(7)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x600), (0x600, 0xE80), (0x1F00, 0x2C00), (0x3000, 0x3200), (0xA000, 0x10FFFF)]

    def text(size: int) -> str:
        return "".join(
            chance.choice(" \n\t.") if chance.random() < 0.25 else chr(chance.randint(*chance.choice(blocks))) for _ in range(size)
        )

    def mail(n: int) -> tuple[Capture, Fields]:
        who = (Address(text(6), text(5), text(7)),)
        files = (Attached(text(8), "application/pdf", 1, b"%PDF-" + bytes([n])), Attached(text(4) + ".pdf", "", 1))
        found = Fields(text(20), who, who, (), (), None, text(9), (), (), text(9), text(200), files, None, (), 0)
        return next(captures(n, 1))[0], found

    made = [mail(n) for n in range(150)]
    said = {n: text(90) for n in range(150)}

    def look_up(_digest: bytes, content: bytes) -> Extract:
        return Extract(said[content[-1]])

    views = [view(capture, found, attachment_text(found, look_up)) for capture, found in made]
    generation = coverage.top(tmp_path) / "1"
    indexes = Indexes(generation, heap=15_000_000)
    for capture, found in made:
        indexes.add(document_of(capture, b"", found, look_up), replay=False)
    indexes.commit()
    indexes.close()
    coverage.save(generation, coverage.Coverage(VERSION))
    coverage.make_current(generation)
    reader = Reader(tmp_path)
    trees: list[Tree] = []
    for v in views[::3]:
        for field in TEXTS:
            tokens = [t for t in v[field].split() if t != "|"]
            if not tokens:
                continue
            at = chance.randrange(len(tokens))
            word, pair = tokens[at], tuple(tokens[at : at + 2])
            worded: list[Tree] = [
                Words("", pair),
                Words(field, (*pair[:1], pair[-1][:1]), True),
                *around(chance, field, tokens),
            ]
            for tree in (Words(field, (word,)), Token(field, word[:2], True), *(worded if field not in EXACT else ())):
                assert count(reader, tree) == sum(matches(tree, other) for other in views), tree
                trees.append(tree)
    assert count_each(reader, trees) == [count(reader, tree) for tree in trees]
    assert len(trees) > 1000


def test_a_word_near_itself_is_two_places_at_most_so_far_apart(tmp_path: Path) -> None:
    """Every distance from nothing to a dozen words, and the same for beginnings of words that may stand for one another."""
    words = ["storm", "stormy", "the"]
    bodies = [f"Subject: x\n\n{one} {'gap ' * between}{other}\n" for one in words for other in words for between in range(13)]
    mail = [(next(captures(n, 1))[0], body.encode()) for n, body in enumerate([*bodies, "Subject: y\n\nstorm\n"])]
    reader, views = build(tmp_path, mail)
    for most in range(1, 14):
        for one, other in (("storm", "storm"), ("storm*", "storm"), ("storm*", "stormy"), ("stor*", "storm*"), ("storm", "the")):
            tree = parse(f"{one} AROUND {most} {other}", now=NOW)
            assert count(reader, tree) == sum(matches(tree, v) for v in views) > 0, (one, most, other)


def around(chance: random.Random, field: Text, tokens: list[str]) -> Iterator[Tree]:
    """Two runs of one text, near each other or not, in any order, overlapping or the same, whole or cut short."""
    for longest in (1, 3):
        first = chance.randrange(len(tokens))
        second = min(max(0, first + chance.randint(-8, 8)), len(tokens) - 1)
        one, other = (tuple(tokens[at : at + chance.randint(1, longest)]) for at in (first, second))
        yield Near(Words(field, one), Words(field, other), chance.randint(1, 6))
        if longest == 1 or chance.random() < 0.1:
            yield Near(Words("", one), Words("", (*other[:-1], other[-1][:1]), True), chance.choice([1, 3, 8]))
