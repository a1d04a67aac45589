"""The combined check for near-duplicates of reported spam that do not resemble good mail: fact spam.reported."""

from __future__ import annotations

from civicmail.city.policy.dispositions import Finding
from civicmail.mail.screening import spam
from civicmail.mail.screening.bands import ALIKE
from civicmail.mail.screening.duplicate_index import keys_of
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase

NAME = "nearly"
VERSION = 1


def find(case: CombinedCase) -> CheckResult:
    """Only for mail from outside: our own people may forward such a message as a warning."""
    counted = case.message.more.get(spam.NAME)
    if counted is None or not case.inbound:
        return NOTHING
    text = keys_of(counted.get("bands"))
    model = spam.published(case)
    agree = model.reported.best_match(text)
    if agree < ALIKE or model.good.has_near_duplicate(text):
        return NOTHING
    return CheckResult((Finding(NAME, "reported", mask=f"{agree} of 8", version=VERSION),), {"spam.reported": True})
