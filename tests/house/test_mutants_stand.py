"""Whoever moves a rule to another file hears at once that its mutant stayed behind; the mutants themselves take minutes."""

from __future__ import annotations

from mutants.mutant import mutants


def test_what_each_mutant_takes_out_is_there() -> None:
    for mutant in mutants():
        mutant.applied()
