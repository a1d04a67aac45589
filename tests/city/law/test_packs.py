"""The law packs that are shipped, and what a pack refuses (R5, R6, R8, R10, R19, R20, R24)."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.law import shipped
from civicmail.city.law.errors import BadPack, MissingEvidence, NotInForce, NotInPack, WrongOrder
from civicmail.city.law.pack import STANDS_STILL, LawPack, ending, load_pack, unconfirmed
from civicmail.city.law.time_accounts import Pause

TEXT = shipped.text("wisconsin")
WISCONSIN, FEDERAL = shipped.shipped("wisconsin"), shipped.shipped("federal")
TODAY = date(2026, 12, 1)
BOTH = pytest.mark.parametrize("pack", [WISCONSIN, FEDERAL], ids=lambda pack: pack.name)
EVIDENCE = {fact.id: "written down" for pack in (WISCONSIN, FEDERAL) for fact in pack.facts}


def changed(old: str, new: str, text: str = TEXT) -> str:
    assert old in text, old
    return text.replace(old, new, 1)


def test_both_packs_are_shipped_and_wisconsin_is_offered() -> None:
    assert shipped.names() == ["federal", "wisconsin"]
    assert shipped.OFFERED == "wisconsin"
    with pytest.raises(NotInPack, match="no law pack utopia"):
        shipped.text("utopia")


@BOTH
def test_r20_every_entry_cites_its_source(pack: LawPack) -> None:
    entries = pack.entries()
    assert len(entries) > 60
    assert not [key for key, entry in entries.items() if key[0] != "fact" and not re.search(r"\d|guidance", entry.citation)]


def test_what_the_research_did_not_read_is_to_be_confirmed_with_counsel() -> None:
    assert {("clock", "hold-after-denial"), ("clock", "hold-after-denial-in-custody"), ("clock", "official-augments")} <= set(
        unconfirmed(WISCONSIN)
    )
    assert ("code", "19.36(5)") not in unconfirmed(WISCONSIN)


@pytest.mark.rule(
    "P-21", "The register of exemptions has each exemption of the law with its citation, and nothing else can be chosen."
)
def test_r20_the_register_of_wisconsin_has_every_exemption_that_was_read() -> None:
    ids = {code.id for code in WISCONSIN.codes}
    expected = {f"19.36({n})" for n in (1, 2, 4, 5, 7, 8, 9, 11, 12, 13, 16)} | {f"19.36(10)({x})" for x in "abcd"}
    assert expected | {"757.07", "balancing", "905.03", "schill", "19.32(2)", "19.35(1)(h)"} <= ids
    with pytest.raises(NotInPack, match=r"no code 19\.36\(99\); the nearest is"):
        WISCONSIN.code("19.36(99)")


def test_r20_the_federal_register_has_the_nine_exemptions() -> None:
    codes = {code.id[:6].rstrip("(") for code in FEDERAL.codes if code.id.startswith("(b)")}
    assert {code[3:6] for code in codes} == {f"({n})" for n in range(1, 10)}


def test_r20_a_code_holds_only_while_the_law_does() -> None:
    assert WISCONSIN.code("757.07", TODAY).since == date(2025, 4, 1)
    old = load_pack(changed("since = 2026-01-01", "since = 2025-01-01"))
    with pytest.raises(NotInForce, match="applies from 2025-04-01"):
        old.code("757.07", date(2025, 3, 31))
    ended = load_pack(
        changed('reason = "This information is a trade secret', 'until = 2026-11-30\nreason = "This information is a trade secret')
    )
    with pytest.raises(NotInForce, match="expired on 2026-11-30: choose another"):
        ended.code("19.36(5)", TODAY)
    assert ended.code("19.36(5)", date(2026, 11, 30)) in ended.codes_on(date(2026, 11, 30))
    assert ended.code("19.36(5)") not in ended.codes_on(TODAY)


@BOTH
def test_r20_an_expired_pack_decides_nothing(pack: LawPack) -> None:
    code = pack.codes[0].id
    pack.code(code, pack.until)
    with pytest.raises(NotInForce, match="ended on 2028-12-31"):
        pack.code(code, pack.until + timedelta(days=1))
    with pytest.raises(NotInForce, match="begins on"):
        pack.codes_on(pack.since - timedelta(days=1))


@pytest.mark.rule("P-21", "A balancing test needs both interests written out.")
def test_r20_the_balancing_test_needs_both_interests() -> None:
    facts = {"interest-in-disclosure": "x", "specific-demonstration": "z"}
    with pytest.raises(MissingEvidence, match="needs interest-in-secrecy") as refused:
        WISCONSIN.require_evidence("balancing", facts | {"interest-in-secrecy": " \n"}, TODAY)
    assert refused.value.missing == ("interest-in-secrecy",)
    assert WISCONSIN.require_evidence("balancing", facts | {"interest-in-secrecy": "y"}, TODAY).kind == "balancing"


@pytest.mark.rule("P-21", "A privilege code cannot be saved without its evidence, and the city attorney approves it.")
def test_r19_privilege_needs_evidence_and_the_city_attorney() -> None:
    privileges = [code for code in WISCONSIN.codes if code.kind == "privilege"]
    assert {code.id for code in privileges} == {"905.03", "work-product"}
    for code in privileges:
        assert code.approval == "city-attorney"
        assert code.needs == ("counsel", "client", "purpose", "confidentiality")
        for need in code.needs:
            assert code.missing({k: v for k, v in EVIDENCE.items() if k != need}) == [need]
        assert code.missing(EVIDENCE) == []


def test_r21_what_looks_confidential_and_is_public_is_said() -> None:
    assert any("writes to an official" in w for w in WISCONSIN.warnings("email"))
    assert WISCONSIN.warnings("card-number") == []


@pytest.mark.rule("P-21", "A request for records about oneself is decided in the order of the law.")
def test_r5_self_requests_are_decided_in_the_order_of_the_law() -> None:
    """Wis. Stat. 19.35 (4) (c): first as any requester, then (am)."""
    taken: list[str] = []
    while (step := WISCONSIN.next_self_request_step(taken)) is not None:
        taken.append(step.id)
    assert taken == ["general-right", "grant", "own-right"]
    with pytest.raises(WrongOrder, match="own-right is not the next step: general-right comes first"):
        WISCONSIN.next_self_request_step(["own-right"])
    with pytest.raises(WrongOrder):
        WISCONSIN.next_self_request_step([*taken, "again"])


@pytest.mark.rule("P-21", "Records stay held for 60 or 90 days after a denial, by the longer reading.")
def test_r10_the_hold_after_a_denial_reads_days_as_working_days() -> None:
    """Wis. Stat. 19.35 (5) with 19.345: 60 calendar days would end on 30 January."""
    denied = date(2026, 12, 1)
    assert WISCONSIN.due("hold-after-denial", denied) == date(2027, 3, 2)
    assert WISCONSIN.due("hold-after-denial-in-custody", denied) > date(2027, 4, 1)
    assert WISCONSIN.clock("hold-after-denial").kind == "hold"
    assert WISCONSIN.is_running("hold-after-denial", denied, date(2027, 3, 2))
    assert not WISCONSIN.is_running("hold-after-denial", denied, date(2027, 3, 3))


def test_r10_while_a_mandamus_action_is_pending_the_hold_does_not_end() -> None:
    """Wis. Stat. 19.35 (5)."""
    action = Pause("mandamus-action", date(2027, 2, 1), date(2028, 2, 1))
    assert WISCONSIN.due("hold-after-denial", date(2026, 12, 1), [action]) == date(2028, 3, 1)
    lasting = [Pause("mandamus-action", date(2027, 2, 1))]
    assert WISCONSIN.due("hold-after-denial", date(2026, 12, 1), lasting) == STANDS_STILL
    assert WISCONSIN.is_running("hold-after-denial", date(2026, 12, 1), date(2040, 1, 1), lasting)
    assert WISCONSIN.due("hold-after-denial", date(2026, 6, 1), lasting) < date(2026, 9, 1)  # it had ended before


@pytest.mark.rule("P-21", "After a notice to a record subject nothing is released before the 13th working day.")
def test_r24_release_is_locked_until_day_13() -> None:
    """Wis. Stat. 19.356 (2) to (5): 3, 5, 10 and 12 working days; two holidays lie between."""
    sent = date(2026, 12, 15)
    days = {name: WISCONSIN.due(name, sent) for name in ("serve-notice", "subject-notifies", "subject-sues", "release-lock")}
    assert list(days.values()) == [date(2026, 12, 18), date(2026, 12, 22), date(2026, 12, 30), date(2027, 1, 4)]
    assert WISCONSIN.is_running("release-lock", sent, date(2027, 1, 4))
    assert not WISCONSIN.is_running("release-lock", sent, date(2027, 1, 5))


def test_r24_only_three_classes_and_officials_are_notified() -> None:
    classes = {c.id: c for c in WISCONSIN.notice_classes}
    assert classes.keys() == {"discipline", "warrant", "other-employer", "official"}
    for id_ in ("discipline", "warrant", "other-employer"):
        known = classes[id_]
        assert known.methods == ("certified mail", "personal service")
        assert (known.serve, known.lock, known.rights) == ("serve-notice", "release-lock", ("subject-notifies", "subject-sues"))
        assert WISCONSIN.pause_reason(known.locked_while).needs == ("court-case",)
        assert any("released under 19.35 before" in e for e in known.exceptions)


def test_r8_a_pause_needs_a_reason_that_stops_the_clock() -> None:
    waits = Pause("awaiting-scope", date(2026, 12, 2), date(2026, 12, 7))
    assert WISCONSIN.due("respond", TODAY) == date(2026, 12, 15)
    assert WISCONSIN.due("respond", TODAY, [waits]) == date(2026, 12, 18)  # the 3rd, 4th and 7th do not count
    assert WISCONSIN.due("release-lock", TODAY, [waits]) == WISCONSIN.due("release-lock", TODAY)
    with pytest.raises(NotInPack, match="no pause reason we-are-busy"):
        WISCONSIN.due("respond", TODAY, [Pause("we-are-busy", TODAY)])


def test_r8_the_federal_clock_is_longer_and_can_be_extended() -> None:
    extension = FEDERAL.extension("unusual-circumstances")
    assert FEDERAL.due("respond", TODAY) == date(2026, 12, 30)
    assert FEDERAL.due("respond", TODAY, extended=extension.days) == date(2027, 1, 14)
    assert FEDERAL.pause_reason("awaiting-scope").once
    assert FEDERAL.due("appeal", date(2026, 12, 1)) == date(2027, 3, 1)
    assert FEDERAL.due("appeal", date(2026, 12, 5)) == date(2027, 3, 5)
    assert FEDERAL.due("appeal", date(2026, 12, 6)) == date(2027, 3, 8)  # a Saturday becomes Monday


def test_r8_an_employee_sees_their_own_file_in_seven_working_days() -> None:
    """Wis. Stat. 103.13 (2)."""
    assert WISCONSIN.due("personnel-file", TODAY) == date(2026, 12, 10)


@pytest.mark.rule("P-21", "Worked, waiting and idle days add up to the working days since receipt, and each idle day is named.")
@given(
    st.sets(st.dates(date(2026, 11, 1), date(2027, 3, 31)), max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from(["awaiting-scope", "awaiting-prepayment", "awaiting-subject"]),
            st.dates(date(2026, 11, 1), date(2027, 3, 31)),
            st.none() | st.integers(0, 60),
        ),
        max_size=5,
    ),
    st.dates(date(2026, 11, 1), date(2027, 3, 31)),
    st.integers(0, 120),
)
def test_r8_days_add_up(worked: set[date], waits: list[tuple[str, date, int | None]], received: date, days: int) -> None:
    until = received + timedelta(days=days)
    pauses = [Pause(reason, start, None if n is None else start + timedelta(days=n)) for reason, start, n in waits]
    account = WISCONSIN.account(received, until, pauses, worked)
    assert account.elapsed == WISCONSIN.working_days(received, until)
    paused = {day for pause in pauses for day in pause.days(until)}
    assert not {*account.idle} & ({*worked} | paused)


@given(
    st.sampled_from([clock.id for clock in WISCONSIN.clocks]), st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(0, 30)
)
def test_a_pause_never_makes_a_period_end_earlier(clock: str, start: date, length: int) -> None:
    pause = Pause("awaiting-scope", start, start + timedelta(days=length))
    assert WISCONSIN.due(clock, start, [pause]) >= WISCONSIN.due(clock, start) >= start


def test_r4_only_three_grounds_to_ask_who_somebody_is() -> None:
    """Wis. Stat. 19.35 (1) (i)."""
    assert [ground.id for ground in WISCONSIN.identity_grounds] == ["private-residence", "security", "federal-law"]


def test_what_ends_soon_is_reported() -> None:
    assert ending(WISCONSIN, TODAY, timedelta(days=90)) == []
    soon = ending(WISCONSIN, date(2028, 8, 1), timedelta(days=365))
    assert soon == [("pack", "wisconsin", date(2028, 12, 31)), ("period", "request-file", date(2028, 8, 27))]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format = 1", "format = 2", "<= 1"),
        ('id = "19.36(5)"', 'id = "19.36(4)"', "two entries code with the id 19.36(4)"),
        ('needs = ["owner", "secret-value"]', 'needs = ["owner", "price"]', "names the fact price, which is not there"),
        ('stops = ["respond"]', 'stops = ["answer"]', "names the clock answer"),
        ('lock = "release-lock"', 'lock = "lock"', "names the clock lock"),
        ('locked_while = "subject-action"', 'locked_while = "action"', "names the pause_reason action"),
        ('letter = "subject-notice"', 'letter = "notice"', "names the letter notice"),
        ("until = 2028-12-31", "until = 2025-12-31", "before it begins"),
        ('unit = "working"', 'unit = "banking"', "banking"),
        ('citation = "Wis. Stat. 995.20"', "", "citation"),
        ("month = 1", "month = 0", "a holiday has"),
        ('label = "19.36(5)"', 'label = "19.36(5)"\nlable = "x"', "lable"),
        ('only_from = "50.00"', 'only_from = "-50.00"', "not below 0"),
        ('only_from = "50.00"', 'only_from = "NaN"', "not below 0"),
        ("[calendar]", "[calendar", "not TOML"),
        ('sentences = ["mandamus"]', 'sentences = ["mandamus", "appeal"]', "names the sentence appeal"),
        ("\n{sentence:mandamus}\n", "\n", "lacks the sentence mandamus"),
        ("{list:withheld}", "", "lacks the list withheld"),
        ("{scope}", "{scop}", "uses scop, which is not among its facts"),
        (
            'withheld = "- {what}: {code} ({citation}). {reason}"',
            'withheld = "- {what}: {code} ({citation})."',
            "does not show its reason",
        ),
        ("[letter.text.es]", "[letter.text.fr]", "does not have this language"),
    ],
)
def test_a_contradictory_pack_is_refused_with_the_place(old: str, new: str, says: str) -> None:
    with pytest.raises(BadPack, match=re.escape(says)):
        load_pack(changed(old, new))


@given(
    st.text(max_size=200) | st.builds(lambda at, junk: TEXT[:at] + junk + TEXT[at:], st.integers(0, len(TEXT)), st.text(max_size=5))
)
def test_any_text_is_a_pack_or_is_refused_in_words(text: str) -> None:
    try:
        pack = load_pack(text)
    except BadPack as error:
        assert len(str(error)) < 500
    else:
        assert pack.name == "wisconsin"


def test_a_pack_of_megabytes_is_refused() -> None:
    with pytest.raises(BadPack, match="at most"):
        load_pack(f"{TEXT}\n# {'x' * (1 << 20)}")
