"""The fail matrix: for want of a part mail is never refused for good, never delivered as if nothing were missing, and what looks
for harm never lets pass what comes from outside or would leave (promise 6)."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.policy.books import NOW, book, messages, recipients, starter, text_of
from civicmail.city.policy import drill
from civicmail.city.policy.engine import decide
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.failure_policy import (
    CELLS,
    DEFAULT_ROW,
    DIRECTIONS,
    HARM_PARTS,
    PART_LABELS,
    PARTS,
    Cell,
    FailurePolicy,
    cell_error,
)
from civicmail.city.policy.rule_keys import UNCHECKED
from civicmail.city.policy.rules import RANK, RuleSet

DOS = {"later": "later", "hold": "hold", "pending": "pending", "deliver-again": "mark"}


def test_the_starter_pack_says_something_of_every_part() -> None:
    assert set(starter().matrix.rows) | {"exact"} == set(PARTS) == set(PART_LABELS)


@pytest.mark.rule(
    "P-02, promise 6",
    "No cell of the failure policy rejects or delivers silently, and without checks for threats no mail passes the border.",
)
@pytest.mark.parametrize("way", DIRECTIONS)
@pytest.mark.parametrize("part", sorted(HARM_PARTS))
def test_without_what_looks_for_harm_nothing_passes_the_border(part: str, way: str) -> None:
    """Promise 6."""
    assert bool(cell_error(part, way, "deliver-again")) is (way != "internal")
    assert starter().matrix.cell(part, way) != "deliver-again" or way == "internal"  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["deliver", "refuse", "5xx", "", True, None])
def test_no_cell_refuses_or_delivers_silently(cell: Any) -> None:
    """Four words are possible, and neither of those two is one."""
    assert cell_error("clamav", "internal", cell)
    assert set(get_args(Cell)) == set(CELLS) == {"later", "hold", "pending", "deliver-again"}
    written = {True: "true", None: '""'}.get(cell, f'"{cell}"')
    row = f'clamav = {{ inbound = "hold", internal = {written}, outbound = "hold" }}'
    with pytest.raises(UnusableBook, match=r"0.toml, line 2: .* is none of later, hold, pending, deliver-again"):
        book(f"[matrix]\n{row}\n")


@given(st.sampled_from(PARTS), messages, recipients)
def test_nothing_is_silent_and_nothing_final_for_want_of_a_part(
    part: str, message: dict[str, Any], to: list[dict[str, Any]]
) -> None:
    """Where a part is wanting, the decision says so, is taken again, and only rules that surely fit refuse."""
    there = decide(starter(), {k: v for k, v in message.items() if k != "unavailable"}, to, NOW)
    away = decide(starter(), message | {"unavailable": (part,)}, to, NOW)
    for before, after in zip(there, away, strict=True):
        if after.parts:
            assert after.again
            assert any(mark.name == UNCHECKED for mark in after.marks)
            assert all(f"unavailable:{p}" in after.rules for p in after.parts)
        if after.do == "refuse":
            assert before.do == "refuse"
        if after.do == "later":
            assert after.reply.startswith("4")


@pytest.mark.rule("P-02, promise 6, promise 7", "A decision with an unavailable part is marked as such, and made again.")
@pytest.mark.parametrize("part", PARTS)
def test_a_drill_proves_each_cell(part: str) -> None:
    """Each cell of the matrix is what happens to plain mail when its part is away; where no rule needs the part, nothing is
    done for want of it, and the drill says so."""
    for step in drill.drill(starter(), part, NOW):
        assert step.cell == starter().matrix.cell(part, step.direction)
        if step.is_needed:
            assert step.decision.do == DOS[step.cell]
            assert step.decision.parts == (part,)
            assert (step.decision.again, UNCHECKED in {mark.name for mark in step.decision.marks}) == (True, True)
        else:
            assert step.decision.do in ("deliver", "mark")
            assert not step.decision.again


def test_what_a_drill_finds_wanted_is_what_rules_ask() -> None:
    wanted = {(part, step.direction) for part in PARTS for step in drill.drill(starter(), part, NOW) if step.is_needed}
    assert {("clamav", way) for way in DIRECTIONS} <= wanted
    assert {(part, "inbound") for part in ("dmarc", "spam", "files", "links", "names", "known", "read", "policy")} <= wanted
    assert ("confidential", "outbound") in wanted
    assert ("confidential", "inbound") not in wanted
    assert ("dmarc", "outbound") not in wanted


def test_a_part_of_which_a_book_says_nothing_is_treated_with_care() -> None:
    assert FailurePolicy({}).row("clamav") == DEFAULT_ROW
    bare = book(text_of("m", "size(malware.found) > 0", "malware.found = ['x']", do="quarantine"))
    (found,) = decide(bare, {"inbound": True, "unavailable": ("clamav",)}, [{}], NOW)
    assert found.do == "pending"


def test_a_book_may_change_its_rows() -> None:
    row = '[matrix]\nclamav = { inbound = "later", internal = "hold", outbound = "hold" }\n'
    other = book(row, text_of("m", "size(malware.found) > 0", "malware.found = ['x']", do="quarantine"))
    dos = [step.decision.do for step in drill.drill(other, "clamav", NOW)]
    assert dos == ["later", "hold", "hold"]


def test_what_a_rule_knows_without_the_part_is_done_all_the_same() -> None:
    """A file that is surely a program stays in quarantine while the virus scanner is away, and is looked at again."""
    (found,) = decide(starter(), {"inbound": True, "files.executable": True, "unavailable": ("clamav",)}, [{}], NOW)
    assert (found.do, found.again) == ("quarantine", True)


def test_dns_that_does_not_answer_is_no_proof_and_no_failure() -> None:
    """The sender's server keeps the message: its domain may be proven in a minute."""
    facts = {"inbound": True, "auth.dmarc": "temperror", "unavailable": ("dmarc",)}
    (found,) = decide(starter(), facts, [{}], NOW)
    assert (found.do, found.reply[:3]) == ("later", "451")


def test_a_book_that_cannot_be_used_lets_the_matrix_speak() -> None:
    """P-02, promise 6."""
    trouble = RuleSet(starter().rules, starter().matrix, error="it is no TOML")
    dos = [decide(trouble, m, [r], NOW)[0].do for m, r in (({"inbound": True}, {}), ({}, {}), ({}, {"outbound": True}))]
    assert dos == ["pending", "mark", "hold"]
    assert RANK["pending"] < RANK["hold"]
