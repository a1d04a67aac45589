"""Nearly the same text as one that was reported as spam, and not like good mail (joint check): fact spam.reported."""

from __future__ import annotations

from civicmail.city.policy.dispositions import Finding
from civicmail.mail.screening import spam
from civicmail.mail.screening.alike import keys_of
from civicmail.mail.screening.bands import ALIKE
from civicmail.mail.screening.shapes import NOTHING, Found, Joint

NAME = "nearly"
VERSION = 1


def find(case: Joint) -> Found:
    """Only of mail from outside: what our own people forward to each other as a warning is not spam."""
    counted = case.seen.more.get(spam.NAME)
    if counted is None or not case.inbound:
        return NOTHING
    text = keys_of(counted.get("bands"))
    model = spam.published(case)
    agree = model.reported.alike(text)
    if agree < ALIKE or model.good.knows(text):
        return NOTHING
    return Found((Finding(NAME, "reported", mask=f"{agree} of 8", version=VERSION),), {"spam.reported": True})
