"""Nothing outside of a mandate's scope, whatever is asked (E5; promise 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard.errors import NotPermitted
from civicmail.core.query import tree as shapes
from civicmail.core.query.errors import QueryError
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Token, Tree, View
from civicmail.desk.workbench.errors import OutOfScope
from civicmail.desk.workbench.scope import Gate, within
from civicmail.mail.search.counts import count
from civicmail.mail.search.query_view import viewer
from civicmail.mail.search.search import search
from core.query.trees import SOME, TREES
from desk.workbench.kept import NOW, Kept, mandate, permit
from mail.search.generated import NOW as NOON
from mail.search.generated import captures, queries

ANN = mandate("ann.lee@city.example", words="budget OR council OR report")
FIELDS = st.lists(st.sampled_from(SOME), max_size=3).map(" ".join)
VIEWS = st.fixed_dictionaries(
    dict.fromkeys(get_args(shapes.Text), FIELDS)
    | {name: st.integers(0, 9) for name in get_args(shapes.Number)}
    | {"id": st.sampled_from(["00", "a1b2"]), "sha256": st.sampled_from(["0a", "a1"])}
)


@pytest.mark.rule("P-16, promise 4, E5", "Search results and counts of an examination are within its scope, whatever the query.")
@given(TREES, VIEWS, st.sampled_from([ANN, mandate("bob@x.example", since=3, until=6), mandate()]))
def test_whatever_is_asked_answers_lie_in_the_scope(tree: Tree, seen: View, under: object) -> None:
    """For every tree and every capture, and what is in the scope and asked for is found."""
    asked = within(under, tree, NOW)  # type: ignore[arg-type]
    inside = matches(under.scope.tree(NOW), seen)  # type: ignore[attr-defined]
    assert matches(asked, seen) == (inside and matches(tree, seen))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept") / "data", list(captures(9, 150)))


@pytest.fixture(scope="module")
def inside(kept: Kept) -> set[str]:
    """Ids of what the mandate is for."""
    see, tree = viewer(kept.data), ANN.scope.tree(NOW)
    found = {c.uuid for c, body in kept.made if matches(tree, see(c, body))}
    assert 5 < len(found) < len(kept.made) // 2
    return found


def everywhere(made: Kept) -> Iterator[str]:
    """Queries in every syntax that try to reach what is not theirs."""
    yield from queries(4, 160)
    yield from ("*", "", "NOT budget", "-budget -council -report", "budget OR *", "* OR *", "(* OR from:bob@x.example)", "-(-*)")
    yield from (
        'rcpt:bob@x.example OR "x"',
        "custodian:ann",
        "NOT (rcpt:ann.lee@city.example)",
        "before:2099",
        "newer_than:99y",
        "z*",
    )
    for capture, _ in made.made[:20]:
        yield from (f"id:{capture.uuid}", f"sha256:{capture.sha256.hex()}", f"id:{capture.uuid} OR -id:{capture.uuid}")


def test_no_syntax_finds_or_counts_what_is_outside(kept: Kept, inside: set[str]) -> None:
    """E5, over the real index."""
    told = 0
    for text in everywhere(kept):
        try:
            asked = parse(text, now=NOON)
        except QueryError:
            continue
        tree = within(ANN, asked, NOW)
        page = search(kept.reader, tree, limit=500)
        assert {hit.id for hit in page.hits} <= inside, text
        assert page.total == count(kept.reader, tree) == len(page.hits), text
        told += bool(page.hits)
    assert told > 60


@pytest.mark.rule(
    "P-16, promise 4, E5",
    "A message opened in an examination is within its scope by its archived bytes, whatever the id, address or index.",
)
def test_no_id_opens_what_is_outside(kept: Kept, inside: set[str]) -> None:
    """The store is asked, whatever the index or an address says."""
    gate = Gate(kept.data, kept.archive, permit(ANN.number), ANN, NOW)
    opened = set()
    for capture, body in kept.made:
        for name in (capture.uuid, capture.id.hex()[:14]):
            try:
                message = gate.named(name)
            except OutOfScope as error:
                assert str(error) == "Nothing is kept under this id within this mandate."
            else:
                assert (message.capture.uuid, message.body) == (capture.uuid, body)
                opened.add(capture.uuid)
    assert opened == inside
    with pytest.raises(OutOfScope, match="Nothing is kept under this id within this mandate"):
        gate.named("0123456789abcdef")


def test_a_thread_leads_no_further_than_the_scope(kept: Kept, inside: set[str]) -> None:
    """E5: thread: reads nothing outside to find who wrote first."""
    read: list[str] = []

    class Watched(Gate):
        def named(self, id_: str):  # type: ignore[no-untyped-def]
            message = super().named(id_)
            read.append(message.capture.uuid)
            return message

    gate = Watched(kept.data, kept.archive, permit(ANN.number), ANN, NOW)
    for n in range(8):
        gate.with_threads(kept.reader, Token("thread", f"{n}.thread@b.example"))
    assert set(read) <= inside


@pytest.mark.rule("P-16, promise 4, E2", "A permit of another examination, or of none, opens nothing.")
def test_a_permit_of_another_mandate_or_of_none_opens_nothing(kept: Kept) -> None:
    """No case, no body."""
    for number in ("", "25-002"):
        with pytest.raises(NotPermitted):
            Gate(kept.data, kept.archive, permit(number), ANN, NOW)
