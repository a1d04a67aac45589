"""Letters are whole or are refused, in English and Spanish (R7, R9, R24, R28)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.pack import LawPack
from civicmail.city.law.shipped import shipped

WISCONSIN, FEDERAL = shipped("wisconsin"), shipped("federal")
NOTICE = "is subject to review by mandamus under s. 19.37(1) or upon application to the attorney general or a district attorney."
ROWS = [
    {"what": "3 pages", "code": "19.36(5)", "citation": "Wis. Stat. 19.36 (5)", "reason": "The price formula of the vendor."},
    {"what": "1 line", "code": "19.36(13)", "citation": "Wis. Stat. 19.36 (13)", "reason": "A card number of the resident."},
]
FACTS: dict[str, Any] = {
    "number": "PR-2026-00041",
    "received": date(2026, 12, 1),
    "balance": "12 = 9 + 3",
    "custodian": "Ana Ruiz, records officer",
    "contact": "records@city.example",
    "withheld": ROWS,
}
CASES = [(pack, letter.id, language) for pack in (WISCONSIN, FEDERAL) for letter in pack.letters for language in letter.text]


def complete(pack: LawPack, kind: str) -> dict[str, Any]:
    """Facts for a letter: all that it needs."""
    letter = pack.letter(kind)
    facts: dict[str, Any] = {fact: f"the {fact}" for fact in letter.facts} | {"received": date(2026, 12, 1)}
    for name, fields in letter.rows.items():
        row = {what: f"its {what}" for what in fields} | ({"code": pack.codes[0].id} if "code" in fields else {})
        facts[name] = [row, row]
    return facts


@pytest.mark.parametrize(("pack", "kind", "language"), CASES, ids=lambda part: getattr(part, "name", part))
def test_every_letter_is_written_whole_and_refused_without_any_of_its_facts(pack: LawPack, kind: str, language: str) -> None:
    facts = complete(pack, kind)
    letter = pack.render_letter(kind, facts, language)
    assert "{" not in letter.subject + letter.body
    for fact in pack.letter(kind).facts:
        for blank in (None, " \n"):
            with pytest.raises(IncompleteLetter, match=f"needs {fact}"):
                pack.render_letter(kind, facts | {fact: blank}, language)
    for name, fields in pack.letter(kind).rows.items():
        unusable: list[Any] = [None, [], "rows"]
        for rows in unusable:
            with pytest.raises(IncompleteLetter, match=f"needs {name}, at least one"):
                pack.render_letter(kind, facts | {name: rows}, language)
        for what in fields:
            rows = [facts[name][0], facts[name][1] | {what: ""}]
            with pytest.raises(IncompleteLetter, match=f"Row 2 of {name} has no {what}"):
                pack.render_letter(kind, facts | {name: rows}, language)


@pytest.mark.rule("P-21", "A denial has the reason of each withheld row and the notice of review, word for word.")
def test_r28_a_denial_has_every_reason_and_the_notice_of_review() -> None:
    letter = WISCONSIN.render_letter("denial", FACTS)
    assert "- 3 pages: 19.36(5) (Wis. Stat. 19.36 (5)). The price formula of the vendor." in letter.body
    assert NOTICE in letter.body
    assert "PR-2026-00041 of December 1, 2026" in letter.body
    assert letter.subject == "Your request PR-2026-00041 is denied"


def test_r28_a_spanish_denial_has_the_official_words_as_well() -> None:
    letter = WISCONSIN.render_letter("denial", FACTS, "es")
    assert "solicitud PR-2026-00041 del 1 de diciembre de 2026" in letter.body
    assert "puede ser revisada por mandamus" in letter.body and NOTICE in letter.body
    with pytest.raises(IncompleteLetter, match="not in the language es"):
        FEDERAL.render_letter("denial", complete(FEDERAL, "denial"), "es")


@pytest.mark.rule("P-21", "A letter whose mandatory sentence or whose reason was altered is refused.")
@pytest.mark.parametrize("language", ["en", "es"])
def test_r28_an_edited_letter_keeps_its_mandatory_parts(language: str) -> None:
    body = WISCONSIN.render_letter("denial", FACTS, language).body
    WISCONSIN.check_letter("denial", body.replace("\n\n", "\n \n") + "\n\nWith regards", FACTS, language)
    for old, new in (
        ("mandamus under s. 19.37(1)", "mandamus"),
        ("attorney general or a district attorney", "district attorney"),
        (NOTICE, ""),
    ):
        with pytest.raises(IncompleteLetter, match=r"“Review by mandamus” .* is missing or was altered"):
            WISCONSIN.check_letter("denial", body.replace(old, new), FACTS, language)
    with pytest.raises(IncompleteLetter, match="Row 1 of withheld: its reason is not in the letter"):
        WISCONSIN.check_letter("denial", body.replace("The price formula of the vendor", "Secret"), FACTS, language)


@pytest.mark.rule("P-21", "No character of the mandatory notice of a letter can be changed.")
@given(st.integers(0, 4000), st.sampled_from("§É"))
def test_r28_no_letter_of_the_notice_can_be_changed(at: int, junk: str) -> None:
    body = WISCONSIN.render_letter("denial", FACTS).body
    start = body.index("If the request for the record")
    at = start + at % (len(WISCONSIN.sentences[0].text["en"]))
    with pytest.raises(IncompleteLetter):
        WISCONSIN.check_letter("denial", body[:at] + junk + body[at + 1 :], FACTS)


def test_r28_a_reason_says_more_than_its_code() -> None:
    """Beckon v. Emery, Newspapers v. Breier: a citation alone is no reason."""
    with pytest.raises(IncompleteLetter, match="repeats its code or title"):
        WISCONSIN.render_letter("denial", FACTS | {"withheld": [ROWS[0] | {"reason": "Wis. Stat.  19.36 (5)"}]})
    with pytest.raises(IncompleteLetter, match=r"has the code \(b\)\(5\), which the law pack does not have"):
        WISCONSIN.render_letter("denial", FACTS | {"withheld": [ROWS[0] | {"code": "(b)(5)"}]})


def test_r28_all_problems_are_said_at_once() -> None:
    with pytest.raises(IncompleteLetter) as refused:
        WISCONSIN.render_letter("denial", {"withheld": [{"what": "x"}]})
    assert len(refused.value.problems) == 8
    assert str(refused.value).count(".") >= 8


def test_the_law_pack_says_which_letter_an_act_sends() -> None:
    assert WISCONSIN.letter("denial").id == "denial"
    assert WISCONSIN.letter("denial", oral=True).id == "oral-denial"
    assert WISCONSIN.letter("denial", oral=False).id == "denial"
    assert WISCONSIN.letter("release", withheld=True).id == "partial-denial"
    assert WISCONSIN.letter("estimate", prepay=True).id == "prepayment"
    assert FEDERAL.letter("status", notice=True).id == "status"
    assert [WISCONSIN.letter("denial", oral=oral, whole=True).id for oral in (True, False)] == ["oral-denial", "denial-whole"]
    with pytest.raises(NotInPack, match="no letter farewell"):
        WISCONSIN.letter("farewell", oral=True)


def test_r3_an_oral_denial_says_how_to_get_the_reasons_in_writing() -> None:
    """Wis. Stat. 19.35 (4) (b)."""
    body = WISCONSIN.render_letter("oral-denial", complete(WISCONSIN, "oral-denial")).body
    assert "within 5 business days" in body and "We can write yours down now" in body


@pytest.mark.rule("P-21", "The posted notice names custodian, deputies, hours, methods and costs, and its date.")
def test_r9_the_posted_notice_is_whole_or_refused() -> None:
    facts = complete(WISCONSIN, "posted-notice") | {"designated": date(2026, 11, 2)}
    body = WISCONSIN.render_letter("posted-notice", facts).body
    assert "Designated in writing on November 2, 2026" in body
    assert "You need not say who you are or why you ask." in body
    for fact in ("custodian", "deputies", "hours", "methods", "costs", "designated"):
        with pytest.raises(IncompleteLetter):
            WISCONSIN.render_letter("posted-notice", {k: v for k, v in facts.items() if k != fact})


def test_r24_a_notice_names_the_rights_of_the_subject() -> None:
    facts = complete(WISCONSIN, "subject-notice") | {"locked-until": date(2027, 1, 4)}
    body = WISCONSIN.render_letter("subject-notice", facts).body
    assert "Within 10 working days" in body and "before January 4, 2027 has passed" in body


def test_r25_no_estimate_without_the_sentence_on_review() -> None:
    """2012 WI 65."""
    rows = [{"task": "Copies", "quantity": "100 pages", "amount": Decimal("1.35"), "citation": "19.35 (3) (a)"}]
    facts = {"number": "n", "total": Decimal("1.35"), "custodian": "c", "contact": "d", "charges": rows}
    body = WISCONSIN.render_letter("estimate", facts).body
    assert "- Copies, 100 pages: $1.35 (19.35 (3) (a))" in body and "Total: $1.35." in body
    with pytest.raises(IncompleteLetter, match="No charge for review"):
        WISCONSIN.check_letter("estimate", body.replace("reviewing or ", ""), facts)


@given(st.text(min_size=1).filter(str.strip))
def test_what_a_person_wrote_stays_text(words: str) -> None:
    """Braces in a fact are not places."""
    rows = [ROWS[0] | {"reason": f"{words} {{number}} {{sentence:mandamus}}"}]
    body = WISCONSIN.render_letter("denial", FACTS | {"withheld": rows}).body
    assert f"{words} {{number}} {{sentence:mandamus}}".strip() in body
    assert body.count("subject to review") == 1


def test_an_optional_paragraph_is_left_out_with_its_fact() -> None:
    facts = complete(WISCONSIN, "narrowing")
    assert "hours of work" not in WISCONSIN.render_letter("narrowing", facts).body.replace("work is", "")
    assert "is 14 hours" in WISCONSIN.render_letter("narrowing", facts | {"hours": 14}).body


@pytest.mark.parametrize(("pack", "kind", "language"), CASES, ids=lambda part: getattr(part, "name", part))
def test_r28_a_draft_says_what_is_missing_and_is_whole_once_it_is_written(pack: LawPack, kind: str, language: str) -> None:
    facts = complete(pack, kind) | {fact: f"<{fact}>" for fact in pack.letter(kind).facts}
    whole = pack.draft_letter(kind, facts, language)
    assert whole == pack.render_letter(kind, facts, language)
    pack.check_draft(kind, whole.body, facts, language)
    for fact in pack.letter(kind).facts:
        given = facts | {fact: None}
        draft = pack.draft_letter(kind, given, language)
        blank = f"[{fact.replace('-', ' ')}]"
        if blank not in draft.body:
            continue  # only the subject names it
        with pytest.raises(IncompleteLetter, match=f"Write the {fact.replace('-', ' ')}"):
            pack.check_draft(kind, draft.body, given, language)
        pack.check_draft(kind, draft.body.replace(blank, "As written."), given, language)
        with pytest.raises(IncompleteLetter, match="must say"):
            pack.check_draft(kind, draft.body, facts, language)
    for name, fields in pack.letter(kind).rows.items():
        for what in fields:
            given = facts | {name: [facts[name][0], facts[name][1] | {what: ""}]}
            draft = pack.draft_letter(kind, given, language)
            with pytest.raises(IncompleteLetter, match=f"Row 2 of {name} has no {what}"):
                pack.check_draft(kind, draft.body.replace(f"[{what}]", "As written."), given, language)
