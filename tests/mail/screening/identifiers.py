"""Identifiers of nobody, made by the rules of those that are somebody's, each in a sentence; and the same with one digit wrong.

Kinds are those of civicmail.mail.screening.confidential; tests and `python -m bench confidential` share them.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass

from civicmail.mail.screening.confidential.bank import IBANS
from civicmail.mail.screening.confidential.cards import SAMPLES, brand
from civicmail.mail.screening.confidential.checksums import aba, luhn
from civicmail.mail.screening.confidential.licences import soundex
from civicmail.mail.screening.confidential.ssn import SAMPLES as SSN_SAMPLES

SURNAMES = (
    "Smith",
    "Johnson",
    "Krueger",
    "Nguyen",
    "O'Brien",
    "Garcia",
    "Van Dyke",
    "Lee",
    "Schwartz",
    "Pfister",
    "Ashcraft",
    "Tymczak",
)
_WORD = "abcdefghijklmnopqrstuvwxyz"
_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"


@dataclass(frozen=True)
class Made:
    """kind: as a hit has it; text: a sentence with the identifier; wrong: with one digit changed, "" where no digit can tell."""

    kind: str
    text: str
    wrong: str = ""


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(count))


def _one_changed(rng: random.Random, text: str, at: list[int]) -> str:
    place = rng.choice(at)
    return text[:place] + rng.choice([d for d in string.digits if d != text[place]]) + text[place + 1 :]


def _places(text: str, of: str) -> list[int]:
    start = text.index(of)
    return [n for n in range(start, start + len(of)) if text[n].isdigit()]


def ssn(rng: random.Random) -> Made:
    while True:
        area, group, serial = rng.randrange(1, 900), rng.randrange(1, 100), rng.randrange(1, 10_000)
        if area != 666 and f"{area:03}{group:02}{serial:04}" not in SSN_SAMPLES:
            break
    said = rng.choice(("SSN: {}", "my social security number is {}", "{} ({})", "Soc. Sec. # {}", "seguro social {}", "ssn {}"))
    by = rng.choice("-- .") if said != "{} ({})" else "-"
    plain = rng.random() < 0.3 and said != "{} ({})"
    by = "" if plain else by
    number = f"{area:03}{by}{group:02}{by}{serial:04}"
    wrong = f"000{by}{group:02}{by}{serial:04}"
    return Made("ssn", said.format(number, "Ann Doe"), said.format(wrong, "Ann Doe"))


def itin(rng: random.Random) -> Made:
    group = rng.choice([*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)])
    head, tail = f"9{rng.randrange(100):02}", f"{rng.randrange(1, 10_000):04}"
    by = rng.choice(("-", ""))
    said = rng.choice(("ITIN {}", "her taxpayer id is {}", "Individual taxpayer identification number: {}"))
    return Made("itin", said.format(f"{head}{by}{group:02}{by}{tail}"), said.format(f"{head}{by}{93}{by}{tail}"))


_BRANDS = (
    ("4", 16),
    ("51", 16),
    ("2299", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("645", 16),
    ("36", 14),
    ("3540", 16),
    ("62", 16),
)


def card(rng: random.Random) -> Made:
    while True:
        head, size = rng.choice(_BRANDS)
        body = head + _digits(rng, size - len(head) - 1)
        number = next(body + d for d in string.digits if luhn(body + d))
        if len(set(number)) >= 5 and number not in SAMPLES and brand(number):
            break
    sizes = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[size]
    by = rng.choice((" ", "-", ""))
    groups, at = [], 0
    for width in sizes:
        groups.append(number[at : at + width])
        at += width
    said = rng.choice(
        ("credit card {}", "Visa {} exp 04/29", "card no. {}") if not by else ("please use {}", "{} exp 11/28", "Amex {}")
    )
    text = said.format(by.join(groups))
    return Made("card", text, _one_changed(rng, text, _places(text, by.join(groups))))


def bank(rng: random.Random) -> Made:
    while True:
        head = f"{rng.choice([*range(1, 13), *range(21, 33), *range(61, 73)]):02}"
        body = head + _digits(rng, 6)
        routing = next((body + d for d in string.digits if aba(body + d)), "")
        if routing:
            break
    account = rng.choice(string.digits[1:]) + _digits(rng, rng.randrange(5, 12))
    said = rng.choice(
        ("Routing number {} account number {}", "ABA {}\nAcct {}", "account # {1} routing # {0}", "ACH: {}, acct no. {}")
    )
    text = said.format(routing, account)
    return Made("bank", text, _one_changed(rng, text, _places(text, routing)))


def iban(rng: random.Random) -> Made:
    country = rng.choice(("DE", "AT", "BE", "ES", "PT", "DK", "EE", "FI", "LT", "PL", "HU", "CZ", "NO", "HR"))
    body = _digits(rng, IBANS[country] - 4)
    rest = 98 - int("".join(c if c.isdigit() else str(ord(c) - 55) for c in f"{body}{country}00")) % 97
    number = f"{country}{rest:02}{body}"
    shown = " ".join(number[n : n + 4] for n in range(0, len(number), 4)) if rng.random() < 0.5 else number
    text = f"Please pay to {shown} by Friday"
    return Made("iban", text, _one_changed(rng, text, _places(text, shown)))


def wisconsin(rng: random.Random) -> Made:
    """Without a word nearby, dashed; with one also without dashes."""
    name = rng.choice(SURNAMES)
    month, day = rng.randrange(1, 13), rng.randrange(1, 29)
    coded = (month - 1) * 40 + day + rng.choice((0, 500))
    year = f"{rng.randrange(100):02}"
    number = [soundex(name), f"{_digits(rng, 3)}{year[0]}", f"{year[1]}{coded:03}", _digits(rng, 2)]
    wrong = [number[0], number[1], f"{year[1]}999", number[3]]
    by, said = rng.choice((("-", "{} was stopped"), ("-", "WI license {}"), ("", "driver's license no. {}")))
    return Made("licence", said.format(by.join(number)), said.format(by.join(wrong)) if by and "license" not in said else "")


def other_licence(rng: random.Random) -> Made:
    letter = rng.choice(string.ascii_uppercase)
    number = rng.choice(
        (letter + _digits(rng, 11), letter + _digits(rng, 12), f"{_digits(rng, 3)}{letter}{letter}{_digits(rng, 4)}")
    )
    return Made("licence", rng.choice(("driver license {}", "DL# {}", "driver's license number is {}")).format(number))


def passport(rng: random.Random) -> Made:
    number = rng.choice((rng.choice("ACEY") + _digits(rng, 8), rng.choice("123456789") + _digits(rng, 8)))
    return Made("passport", rng.choice(("passport number {}", "Passport No: {}", "my pasaporte {}")).format(number))


def medicare(rng: random.Random) -> Made:
    def a() -> str:
        return rng.choice(_MBI_LETTERS)

    def n() -> str:
        return rng.choice(string.digits)

    number = (
        rng.choice(string.digits[1:])
        + a()
        + rng.choice((a(), n()))
        + n()
        + a()
        + rng.choice((a(), n()))
        + n()
        + a()
        + a()
        + n()
        + n()
    )
    shown = f"{number[:4]}-{number[4:7]}-{number[7:]}" if rng.random() < 0.5 else number
    said = rng.choice(("Medicare {}", "MBI: {}", "his Medicare number is {}"))
    return Made("medicare", said.format(shown), said.format("0" + shown[1:]))


def medical(rng: random.Random) -> Made:
    return Made(
        "medical", rng.choice(("MRN {}", "medical record number {}", "Patient ID: {}")).format(_digits(rng, rng.randrange(6, 10)))
    )


def cjis(rng: random.Random) -> Made:
    said = rng.choice(
        (
            "NCIC check: SID WI{}",
            "criminal history, FBI no. {}",
            "rap sheet of John Doe DOB 03/04/1985, see {}",
            "NCIC booking number {}",
        )
    )
    return Made("cjis", said.format(_digits(rng, 7)))


def secret(rng: random.Random) -> Made:
    word = string.ascii_letters + string.digits
    base32 = string.ascii_uppercase + "234567"

    def some(count: int, of: str = word) -> str:
        return "".join(rng.sample(of, min(count, 20)) + [rng.choice(of) for _ in range(max(0, count - 20))])

    token = rng.choice(
        (f"AKIA{some(16, base32)}", f"ghp_{some(36)}", f"glpat-{some(20)}", f"AIza{some(35)}", f"sk_live_{some(24)}",
         f"npm_{some(36)}", f"xoxb-{_digits(rng, 12)}-{some(24)}", f"eyJ{some(20)}.eyJ{some(40)}.{some(43)}",
         "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(some(64) for _ in range(4)) + "\n-----END RSA PRIVATE KEY-----")
    )  # fmt: skip
    return Made("secret", f"the key is\n{token}\n")


def bundle(rng: random.Random) -> Made:
    """A table or a list of five people or more."""
    people = [
        f"{rng.choice(('Ann', 'Bob', 'Carla'))} {w.title()}"
        for w in {"".join(rng.choice(_WORD) for _ in range(7)) for _ in range(8)}
    ]
    if rng.random() < 0.5:
        by = rng.choice(("\t", ",", ";"))
        rows = [f"Name{by}Last 4{by}DOB"] + [
            f"{p}{by}{_digits(rng, 4)}{by}0{rng.randrange(1, 9)}/1{rng.randrange(9)}/19{rng.randrange(40, 99)}" for p in people
        ]
        return Made("bundle", "\n".join(rows))
    return Made(
        "bundle", "\n".join(f"{p}, DOB {rng.randrange(1, 12)}/{rng.randrange(1, 28)}/19{rng.randrange(40, 99)}" for p in people)
    )


KINDS: dict[str, Callable[[random.Random], Made]] = {
    "ssn": ssn, "itin": itin, "card": card, "bank": bank, "iban": iban, "wisconsin": wisconsin, "other licence": other_licence,
    "passport": passport, "medicare": medicare, "medical": medical, "cjis": cjis, "secret": secret, "bundle": bundle,
}  # fmt: skip


def ordinary(rng: random.Random) -> str:
    """A sentence with a number of city business that is nobody's secret."""

    def d(count: int) -> str:
        return _digits(rng, count)

    return rng.choice(
        (f"call ({d(3)}) {d(3)}-{d(4)}", f"fax {d(3)}.{d(3)}.{d(4)}", f"charge it to GL {d(3)}-{d(2)}-{d(4)}",
         f"parcel {d(3)}-{d(4)}-{d(3)}", f"budget line {d(3)}-{d(2)}-{d(4)} is over", f"invoice {d(3)}-{d(2)}-{d(4)}",
         f"Invoice INV-2026-{d(6)}", f"UPS 1Z{d(3)}AA{d(10)}", f"USPS 9400 {' '.join(d(4) for _ in range(4))} {d(2)}",
         f"FedEx {d(4)} {d(4)} {d(4)}", f"service account {d(10)} on Main Street", f"case 2024CV{d(6)}", f"24-CR-{d(6)}",
         f"your account number {' '.join(d(4) for _ in range(4))} for water", f"citation BB{d(6)}-{rng.randrange(1, 9)}",
         f"permit BP-2026-{d(5)}", f"VIN 1HGCM8{d(4)}A{d(6)}", f"PO {d(10)}", f"barcode {d(13)}", f"log 2026030214{d(4)}",
         f"ISBN 978-{rng.randrange(1, 9)}-{d(2)}-{d(6)}-{d(1)}", f"at 177{d(10)} ms", f"53202-{d(4)}", f"EIN {d(2)}-{d(7)}",
         f"meter {d(8)} read {d(6)}", f"serial {d(3)}-{d(2)}-{d(4)}", f"item 24-0{d(3)}", f"commit {d(7)}abcdef{d(9)}",
         f"order {d(3)}-{d(7)}-{d(7)}", f"check no. {d(9)}", f"IP 10.{d(2)}.{d(2)}.{d(2)}", f"${d(1)},{d(3)},{d(3)}.{d(2)}")
    )  # fmt: skip
