"""Trees of every kind over a few words, for tests that take any query."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from civicmail.core.query import tree as shapes
from civicmail.core.query.tree import Among, And, Digits, Everything, Near, Not, Or, Range, Token, Tree, Words

SOME = ["ann.lee@city.example", "bob@x.example", "ann", "budget", "@x.example", "x"]
TEXTS = st.sampled_from(get_args(shapes.Text))
LEAVES: st.SearchStrategy[Tree] = st.one_of(
    st.just(Everything()),
    st.builds(Words, st.just("") | TEXTS, st.lists(st.sampled_from(SOME), min_size=1, max_size=2).map(tuple), st.booleans()),
    st.builds(Token, TEXTS, st.sampled_from(SOME), st.booleans()),
    st.builds(
        Near, st.builds(Words, st.just("body"), st.just(("ann",))), st.builds(Words, st.just("body"), st.just(("x",))), st.just(3)
    ),
    st.builds(Range, st.sampled_from(get_args(shapes.Number)), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9)),
    st.builds(Digits, st.sampled_from(["id", "sha256"]), st.sampled_from(["0", "a1", ""])),
    st.builds(Among, st.frozensets(st.sampled_from(["0" * 32, "a1" * 16]))),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)
