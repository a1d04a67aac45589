"""Whoever renames what a mutant names hears of it at once; the mutants themselves take minutes."""

from __future__ import annotations

from mutants.mutant import mutants


def test_what_each_mutant_takes_out_is_there() -> None:
    for mutant in mutants():
        mutant.applied()
