"""What is found in a text by checksum, structure and words around it, and what is not (P-19)."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.screening.confidential import canonical, check, checksums, licences
from civicmail.mail.screening.confidential.shapes import Hit
from mail.screening.identifiers import KINDS, ordinary

SEEDS = st.integers(0, 2**32)


def hits(text: str) -> list[Hit]:
    return list(check.in_text(canonical.of("1", text)))


def said(text: str) -> set[tuple[str, str]]:
    return {(hit.kind, hit.sure) for hit in hits(text)}


def high(text: str) -> set[str]:
    return {hit.kind for hit in hits(text) if hit.sure == "high"}


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_what_is_made_by_the_rules_of_a_kind_is_found_and_with_a_wrong_digit_it_is_not(kind: str, seed: int) -> None:
    """P-19."""
    made = KINDS[kind](random.Random(seed))
    found = [hit for hit in hits(f"Hello,\nas promised:\n{made.text}\nThanks") if hit.kind == made.kind and hit.sure == "high"]
    assert found, made.text
    if made.wrong:
        assert not high(f"Hello,\nas promised:\n{made.wrong}\nThanks"), made.wrong


@given(seed=SEEDS)
@settings(max_examples=100, deadline=None)
def test_numbers_of_city_business_are_never_surely_confidential(seed: int) -> None:
    rng = random.Random(seed)
    text = "\n".join(ordinary(rng) for _ in range(20))
    assert not high(text), text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see 512-34-5678 please", {("ssn", "high")}),
        ("see 512 34 5678 please", set()),
        ("see 512345678 please", set()),
        ("her SSN, as you asked: 512 34 5678", {("ssn", "high")}),
        ("ssn 512345678", {("ssn", "high")}),
        ("ssn of the person that we spoke about on Monday last week: 512345678", set()),  # too far for bare digits
        ("case 1512-34-56789", set()),
        ("order 512-34-5678-1 is ready", set()),
        ("part 000-34-5678, 666-34-5678, 512-00-5678, 512-34-0000", set()),
        ("987-65-4321", set()),  # no area number begins with 9
        ("912-71-1234", set()),
        ("ITIN 912-71-1234", {("itin", "high")}),
        ("ITIN 912-40-1234", set()),
        ("an example: 078-05-1120", {("ssn", "low")}),  # a wallet maker printed it
        ("https://forms.example/x?ssn=512-34-5678", set()),
        ("(512)-34-5678", set()),
        ("charge it to GL account 100-52-5210", {("ssn", "medium")}),
        ("invoice 100-52-5210 of May", {("ssn", "medium")}),
    ],
)
def test_social_security_numbers_need_dashes_or_words(text: str, found: set[tuple[str, str]]) -> None:
    """P-19."""
    assert said(text) == found


@pytest.mark.rule(
    "P-19",
    "Certain findings of confidential information rest on checksum, structure and surrounding words; a wrong digit, a "
    "sample, or a part of another number is no finding.",
)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4539 1488 0343 6467", {("card", "high")}),
        ("4539148803436467", {("card", "medium")}),
        ("pay with my Visa 4539148803436467", {("card", "high")}),
        ("4539 1488 0343 6468", set()),
        ("4539148803 436467", set()),  # no card is printed like this
        ("rows 1234 4539 1488 0343 6467 5678", set()),  # in a table of numbers
        ("Visa: 4012 8888 8888 1881", {("card", "low")}),  # for tests
        ("5018 0000 0009 1234", set()),
        ("****6467", set()),
        ("tracking no 9400 1000 0000 0000 0000 00", set()),
    ],
)
def test_cards_need_issuer_luhn_and_groups_or_words(text: str, found: set[tuple[str, str]]) -> None:
    assert said(text) == found


def test_maestro_is_a_card_only_beside_a_word_for_it() -> None:
    number = next(f"5018 0000 0012 345{d}" for d in range(10) if checksums.luhn(f"501800000012345{d}"))
    assert said(number) == set()
    assert said(f"Maestro {number}") == {("card", "high")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("routing number 101205681", {("bank", "low")}),  # anybody may know it
        ("101205681 and account 912803456", set()),
        ("ABA 101205681, acct # 912803456", {("bank", "low"), ("bank", "high")}),
        ("ABA 101205682, acct # 912803456", set()),
        ("my bank account number is 912803456", {("bank", "medium")}),
        ("GB82 WEST 1234 5698 7654 32", {("iban", "high")}),
        ("GB82 WEST 1234 5698 7654 33", set()),
    ],
)
def test_a_bank_account_is_sure_with_its_bank_alone(text: str, found: set[tuple[str, str]]) -> None:
    assert said(text) == found


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Robert", "R163"),
        ("Rupert", "R163"),
        ("Tymczak", "T522"),
        ("Pfister", "P236"),
        ("Ashcraft", "A261"),
        ("Lee", "L000"),
        ("", ""),
    ],
)
def test_soundex_is_american_soundex(name: str, code: str) -> None:
    assert licences.soundex(name) == code


def test_a_wisconsin_number_without_a_word_needs_the_name_that_it_is_made_of() -> None:
    number = "S53042090123" + "07"
    assert not said(f"ref {number}")
    assert said(f"Ms Smith, {number}") == {("licence", "medium")}
    assert said("S530-4209-0999-07") == set()  # no day has this number


@pytest.mark.parametrize(
    ("text", "kind", "sure"),
    [
        ("my DRIVER LICENSE is: 7774567901234", "licence", "medium"),
        ("my driver license number: AA1B2**9ABA7", "licence", "medium"),
        ("mypassportnumberis912803456", "passport", "high"),
        ("Medicare 1EG4-TE5-MK73", "medicare", "low"),  # the one that Medicare prints on its samples
        ("1EG4-TE5-MK74", "medicare", "medium"),
        ("Mr. Jones was diagnosed with epilepsy and is on insulin", "health", "medium"),
        ("the password is Tr0ub4dor&3", "password", "medium"),
        ("see NCIC and the TIME System", "cjis", "low"),
        ("criminal history of John, DOB 3/4/1985", "cjis", "high"),
    ],
)
def test_what_words_say_is_as_sure_as_they_are(text: str, kind: str, sure: str) -> None:
    assert (kind, sure) in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password is required.", "password: ********", "password is <yours>", "diagnosed with epilepsy and on insulin",
        "the key AKIAIOSFODNN7EXAMPLE", "-----BEGIN PUBLIC KEY-----\n" + "A" * 64 + "\n", "call 512-345-6789", "DOB 3/4/1985",
        "version 4.1.1111-22-3333.4", "born 1985", "MRN",
        "see https://x.example/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijklmnopqrstuvwxyz",
    ],
)  # fmt: skip
def test_ordinary_words_are_nothing(text: str) -> None:
    assert said(text) == set()


def test_a_list_of_people_is_sure_though_each_line_is_not() -> None:
    lines = [f"{n}. {name} Miller, DOB 0{n}/12/1970" for n, name in enumerate(("Ann", "Bob", "Carl", "Dora", "Eve"), 1)]
    assert high("\n".join(lines)) == {"bundle"}
    assert high("\n".join(lines[:4])) == set()
    assert high("\n".join([lines[0]] * 9)) == set()  # five different people, not one five times


@pytest.mark.parametrize("by", ["\t", ",", ";"])
def test_what_stands_under_a_heading_needs_no_words_around_it(by: str) -> None:
    """Bare digits below "SSN" are what the heading says, also without the zeros that a spreadsheet drops."""
    rows = ["Employee name,Extension,SSN", *(f"Person {c},1{n}2,1234567{n}" for n, c in enumerate("ABCDEF"))]
    text = "Payroll of May\n\n" + "\n".join(rows).replace(",", by)
    assert high(text) == {"ssn", "bundle"}
    assert len({h.value for h in hits(text) if h.kind == "ssn"}) == 6
    assert high(text.replace("SSN", "Order")) == set()


def test_a_chart_of_accounts_is_no_list_of_people() -> None:
    """Accounts of a ledger have the form of a Social Security number and begin with few funds; people's begin with many areas."""
    accounts = "\n".join(f"{fund}-52-5{n}10 Supplies" for fund in (100, 210) for n in range(6))
    assert said(accounts) == {("ssn", "medium")}
    people = "\n".join(f"{area}-52-5210 Doe" for area in (387, 388, 391, 395, 396, 399))
    assert said(people) == {("ssn", "high")}
    assert said(f"SSN:\n{accounts}") >= {("ssn", "high")}
    ledger = "Account,Name,Budget\n" + "\n".join(f"10052521{n},Overtime,{n}000" for n in range(8))
    assert said(ledger) == set()
    billing = "Customer,Account,Due\n" + "\n".join(f"Person {c},77001{n},12" for n, c in enumerate("ABCDE"))
    assert said(billing) == {("bundle", "high")}


def test_prose_with_commas_is_no_table() -> None:
    """Nor is what stands far below a heading."""
    rows = [f"Person {c},{1000 + n}" for n, c in enumerate("ABCDEF")]
    assert high("\n".join(["Name,Last 4", *rows])) == {"bundle"}
    assert high("\n".join(["Name,Last 4", *[""] * 5, *rows])) == set()
    assert high("\n".join(["Name,Last 4", *(f"{row}\nand so on, and on" for row in rows), "and so on, and on"])) == set()


def test_tables_that_come_one_cell_a_line_are_seen() -> None:
    """As those of HTML and Word do, also with empty cells left out."""
    cells = ["Name", "Last 4 of SSN", "Note", *(c for n in range(6) for c in (f"Person {chr(65 + n)}oe", f"{1000 + n}", "x"))]
    assert said("\n".join(cells)) == {("bundle", "high")}
    assert said("\n".join(["intro"] * 99 + cells)) == {("bundle", "high")}
    assert said("\n".join(cells[:-9])) == set(), "fewer than five"
    assert said("\n".join(cells).replace("Last 4 of SSN", "Extension")) == set()
    numbers = ["SSN", *(f"51234567{n}" for n in range(5))]
    assert {(h.kind, h.value) for h in hits("\n".join(numbers))} == {("ssn", value) for value in numbers[1:]}


@pytest.mark.rule("P-19", "Invisible characters, digits and dashes of other scripts hide nothing, and findings have their place.")
def test_invisible_and_foreign_forms_hide_nothing() -> None:
    """Zero-width characters, full-width and Arabic digits, typographic dashes, blanks of all kinds."""
    for text in (
        "5\u200b12-34-56\u00ad78",
        "\uff15\uff11\uff12\uff0d\uff13\uff14\uff0d\uff15\uff16\uff17\uff18",
        "512\u201334\u20135678",
        "SSN\u00a0512\u00a034\u00a05678",
        "\u0665\u0661\u0662-34-5678",
    ):
        assert high(f"see {text} please") == {"ssn"}, text


@given(st.lists(st.sampled_from(["a", "\u200b", "ﬁ", "é", "½", " ", "\U0001f600", "…"]), max_size=30))
@settings(max_examples=100, deadline=None)
def test_a_hit_is_told_where_it_stands_in_the_text_of_the_part(before: list[str]) -> None:
    """P-19."""
    text = "".join(before) + " 512-34-5678 " + "ﬁ" * 3
    (hit,) = hits(text)
    offset, length = canonical.of("1", text).place(hit.start, hit.end)
    assert text[offset : offset + length] == "512-34-5678"


BOMBS = (
    "1", "1 ", "1-", "123-45-", "4111 ", "account 1234 ", "account number ", "routing 021000021 account 1234567 ",
    "Aa ", "S530-4209-0123-07 ", "driver license A", "driver license A1234567 ", "dob 01/02/1980 ",
    "diagnosed with hiv Mr Smith ", "icd A01.1 ", "patient Abcd Efgh, ", "NCIC SID WI123456 dob 1/1/1980 ",
    "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN RSA PRIVATE KEY-----\nAbc: d\nAbc: d\n", "eyJaaaaaaaaaaaa.",
    "password is ", "password is x9yyyyyy", "name\tssn\n", "name\tssn\na\t123456789\n", "\nAbc Def Ghi dob 1/1/1980",
    "DE89 3704 0044 0532 ", "\u200b1", "passport 12345678", "http://a", "ssn,", "ssn;", "last4|", "1EG4-TE5-MK7",
    "MRN MRN",
)  # fmt: skip
WOKEN = (
    " ssn itin account routing driver license passport medicare MRN diagnosis NCIC PRIVATE KEY----- password 4111 1111 1111 1111 "
)


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_text_takes_longer_than_its_length_allows(bomb: str) -> None:
    """With all detectors woken, four times the text takes no more than a multiple of four."""
    size = 1 << 15

    def cost(length: int) -> float:
        text = canonical.of("1", WOKEN + (bomb * (length // len(bomb) + 1))[:length])
        began = time.process_time()
        list(check.in_text(text))
        return time.process_time() - began

    measured = []
    for _ in range(4):  # a busy machine is slow now and then, a slow pattern always
        short, long = min(cost(size) for _ in range(2)), cost(4 * size)
        if long < 12 * short + 0.05:
            return
        measured.append((short, long))
    pytest.fail(f"{measured} s")


@pytest.mark.rule(
    "P-19",
    "A social security number is one with blanks, dashes or a line end between its parts; a tax key or an ordinance is "
    "none for sure.",
)
@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("it is 512 - 34 - 5678 as asked", "high"),
        ("it is 512-34-\n5678 as asked", "high"),
        ("> it is 512-\n> 34-5678", "high"),
        ("ssn 512/34/5678", "high"),
        ("on 512/34/5678", ""),
        ("tax key 512-34-5678", "medium"),
        ("Ordinance No. 512-34-5678", "medium"),
    ],
)
def test_a_number_is_one_however_it_is_parted_and_no_tax_key(text: str, sure: str) -> None:
    assert [hit.sure for hit in hits(text) if hit.kind == "ssn"] == ([sure] if sure else [])


@pytest.mark.rule(
    "P-19",
    "Words of payment and an expiry date identify a number as a card; an IBAN is recognized in small letters, too.",
)
@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("cc 4539148803436467", "high"),
        ("payment method: 4539148803436467", "high"),
        ("4539148803436467, exp 9/27", "high"),
        ("4539148803436467 09/27 123", "high"),
        ("Cc: 4539148803436467", "medium"),
        ("order 4539148803436467 of 09/14", "medium"),
    ],
)
def test_words_of_payment_and_an_expiry_date_say_that_it_is_a_card(text: str, sure: str) -> None:
    assert [hit.sure for hit in hits(text) if hit.kind == "card"] == [sure]


def test_an_iban_in_small_letters_is_one_and_words_are_none() -> None:
    """P-19."""
    assert [h.value for h in hits("pay to de89 3704 0044 0532 0130 00 please")] == ["DE89370400440532013000"]
    assert [h.kind for h in hits("gb29nwbk60161331926819")] == ["iban"]
    assert hits("be 20 minutes later on the road at 10 people no 15 in all") == []


@pytest.mark.rule("P-19", "Keys of clouds are recognized by their form, or by the name before them.")
def test_keys_of_clouds_are_found_by_their_form_or_their_name() -> None:
    """Made here, of letters by chance."""
    rng = random.Random(2)

    def some(size: int) -> str:
        return "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(size))

    for text in (
        f"aws_secret_access_key = {some(40)}",
        f'"SecretAccessKey": "{some(40)}"',
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={some(86)}==;EndpointSuffix=x",
        f"Endpoint=sb://a/;SharedAccessKeyName=all;SharedAccessKey={some(43)}=",
        f'"private_key": "-----BEGIN PRIVATE KEY-----\\n{some(64)}\\n{some(64)}\\n"',
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{some(64)}\n",
        f"sk_live_{some(24)}",
        f"ghp_{some(36)}",
        f"xapp-1-A{some(9).upper()}-{rng.randrange(10**12, 10**13)}-{rng.randbytes(32).hex()}",
    ):
        assert [(h.kind, h.sure, h.shown) for h in hits(text)] == [("secret", "high", False)], text[:30]
    assert hits(f"the digest of the file is {some(40)}") == []


@pytest.mark.rule(
    "P-19",
    "A diagnosis is health information if a person is named: certain with a title, a label or a birthday, possible with a "
    "name alone.",
)
@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("Patient John Smith was diagnosed with a rare thing.", "high"),
        ("Ms. Lopez is being treated for acute pancreatitis.", "high"),
        ("Client: Ann Krueger, DOB 03/14/1961. Dx typhoid meningitis", "high"),
        ("John Smith suffers from asthma.", "medium"),
        ("She was hospitalized with a fracture of the hip.", "medium"),
        ("Mr. Smith is recovering from wounds.", "medium"),
        ("The old server was diagnosed with a bad disk.", ""),
        ("The plan suffers from a lack of funds, says Mr. Smith.", ""),
        ("Mr. Smith's diagnosis of the outage: a cable.", ""),
    ],
)
def test_what_somebody_has_is_health_where_somebody_is_named(text: str, sure: str) -> None:
    assert max((hit.sure for hit in hits(text) if hit.kind == "health"), key=["medium", "high"].index, default="") == sure
