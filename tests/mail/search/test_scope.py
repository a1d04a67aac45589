"""A scope with many addresses asks the index for a set, and finds what the tree says (E5)."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.query.match import matches
from civicmail.core.query.tree import And, Not, Or, Token, Tree, Words
from civicmail.mail.search.compile import MANY
from civicmail.mail.search.counts import count
from mail.search.generated import captures
from mail.search.test_oracle import build


def test_many_whole_tokens_are_one_set_that_finds_the_same(tmp_path: Path) -> None:
    reader, views = build(tmp_path, captures(4, 200))
    there = ("ann.lee@city.example", "bob@x.example", "lee+news@x.example")
    nobody = tuple(f"nobody{n}@city.example" for n in range(MANY))
    sets: list[Tree] = [
        Or(tuple(Token(field, address) for address in (*nobody, *there[:n]) for field in ("rcpt", "from", "sent")))  # type: ignore[arg-type]
        for n in range(4)
    ]
    sets.append(Or((*(Token("rcpt", a) for a in nobody), Token("from", "bob@x", prefix=True), Words("", ("budget",)))))
    found = []
    for tree in sets:
        for asked in (tree, Not(tree), And((tree, Words("", ("council",)))), Or((tree, Words("", ("council",))))):
            found.append(count(reader, asked))
            assert found[-1] == sum(matches(asked, view) for view in views)
    assert found[0] == 0 and len(set(found)) > 8, "they tell captures apart"
