"""Check digits: Luhn (ISO/IEC 7812-1), ABA routing numbers, IBAN (ISO 13616)."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_ABA = (3, 7, 1, 3, 7, 1, 3, 7, 1)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += _DOUBLED[ord(digit) - 48] if place % 2 else ord(digit) - 48
    return total % 10 == 0


def aba(digits: str) -> bool:
    """Whether nine digits are a routing number: 3-7-1 and a Federal Reserve prefix that is in use."""
    first = int(digits[:2])
    if not (first <= 12 or 21 <= first <= 32 or 61 <= first <= 72 or first == 80):
        return False
    return digits != "000000000" and sum(w * (ord(d) - 48) for w, d in zip(_ABA, digits, strict=True)) % 10 == 0


def iban(text: str) -> bool:
    """Whether letters and digits, in upper case and without blanks, have the remainder 1 (ISO 7064, MOD 97-10)."""
    turned = text[4:] + text[:4]
    return int("".join(c if c.isdigit() else str(ord(c) - 55) for c in turned)) % 97 == 1
