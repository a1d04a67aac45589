"""Labels of findings for officers. Pure.

A label gives the meaning of a code, never a value of the message. A code without a label is shown itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from civicmail.city.policy.dispositions import UNAVAILABLE
from civicmail.city.policy.failure_policy import PART_LABELS

_AUTHENTICATION_LABELS: Final = {
    "pass": "proven",
    "fail": "fails",
    "softfail": "probably not theirs",
    "neutral": "its owner does not say",
    "none": "its owner publishes nothing",
    "temperror": "could not be asked",
    "permerror": "what is published is wrong",
    "policy": "too weak to count",
}
_LABELS: Final[dict[str, dict[str, str]]] = {
    "spf": _AUTHENTICATION_LABELS,
    "dkim": _AUTHENTICATION_LABELS | {"none": "it is not signed"},
    "dmarc": _AUTHENTICATION_LABELS
    | {
        "own-domain": "from outside in the city's own name, without proof",
        "disguised": "some programs show one of the city's addresses as its sender",
    },
    "arc": _AUTHENTICATION_LABELS | {"none": "no seal", "vouched": "a forwarder vouches for it"},
    "spam": {"spam": "it looks like spam", "unsure": "it may be spam", "again": "it was reported as spam before"},
    "nearly": {"reported": "nearly the same as spam that was reported"},
    "clamav": {"malware": "malware", "heuristic": "suspicious, nothing known", "limits": "larger than is scanned",
               "stale": "signatures are old"},
    "names": {
        "staff": "the name of a colleague with a foreign address",
        "lookalike": "a domain that looks like one that is known",
        "elsewhere": "answers go to another domain",
        "address": "its name shows another address",
        "hidden": "invisible characters in a name",
        "scripts": "a name that mixes alphabets",
    },
    "links": {
        "deceptive": "a link that names another place than it leads to",
        "lookalike": "a link to a domain that looks like one that is known",
        "address": "a link to a bare number",
        "credentials": "a link that hides where it leads",
        "data": "a link that is a page itself",
        "qr": "a picture that holds a link",
    },
    "phishing": {
        "shortener": "a link shortener",
        "redirect": "a link by way of a page that leads anywhere",
        "hosting": "a page or an address at a service that hosts anybody",
        "numbered": "a link to a rented address",
        "ending": "a name with an ending that phishing uses",
        "company": "the name of a company with a foreign address",
        "reader": "the reader's own address where people write a name",
        "letters": "letters that are not what they look like",
        "padding": "many hidden words",
        "picture": "a picture instead of a text",
        "nowhere": "a sender's address that cannot exist",
    },
    "webmail": {
        "official": "the city's work from a private account",
        "own": "to one's own account elsewhere",
        "forwarded": "sent on by a rule of a mailbox",
        "forwarder": "a mailbox of the city whose rule it is",
        "forwarder-or-writer": "a mailbox of the city whose rule it is, or who wrote it",
    },
    "leaving": {"file": "a file", "link": "a link to a shared file"},
    "confidential": {
        "ssn": "social security numbers", "itin": "taxpayer numbers", "card": "card numbers", "bank": "bank accounts",
        "iban": "bank accounts", "licence": "driver's licences", "passport": "passport numbers", "medicare": "Medicare numbers",
        "medical": "medical record numbers", "health": "health", "cjis": "criminal records", "secret": "keys or tokens",
        "password": "a password", "bundle": "data of several people", "unread": "files that could not be read",
    },
    "habits": {
        "held": "something before it was unlike its owner", "outside": "more recipients outside than usual",
        "inside": "more recipients in the city than usual", "domains": "many domains it had never written to",
        "same": "many messages that say the same", "night": "mail at an hour at which it never sends",
        "places": "two places at once", "budget": "more than this service sends",
    },
    "use": {
        "campaign": "a campaign", "commercial": "business of one's own", "severe": "words that hurt", "threat": "a threat",
        "infringement": "the work of others",
    },
    "files": {
        "executable": "a program",
        "mismatch": "a file that is not what its name says",
        "name-double": "a name with two endings",
        "macros": "macros",
        "dde": "fields that start programs",
        "external": "content that is loaded from elsewhere",
        "object": "a file inside a document", "object-link": "a file inside a document", "package": "a file inside a document",
        "encrypted": "a password protects it",
        "limits": "larger or deeper than is looked into",
        "unread": "it could not be read",
        "appended": "something is hidden behind its end",
        "web-form": "a form", "web-password": "a form that asks for a password", "web-script": "a page with a script",
        "web-refresh": "a page that leads on by itself", "web-smuggling": "a page that builds a file",
        "pdf-script": "a PDF with a script", "pdf-launch": "a PDF that starts programs", "pdf-hidden": "hidden parts in a PDF",
        "pdf-file": "a file inside a PDF", "pdf-sends": "a PDF that sends what is typed",
    },
}  # fmt: skip
_OTHER_CHECKS: Final = {"habits": "what the account is used to"}
"""Checks that are none of the fail matrix."""


def code_label(check: str, code: str) -> str:
    """The label of one code of a check."""
    if code == UNAVAILABLE:
        return "could not be made"
    return _LABELS.get(check, {}).get(code, code.replace("-", " "))


def describe(check: str, codes: Iterable[str]) -> tuple[str, str]:
    """(subject of the check, finding), each once."""
    return _OTHER_CHECKS.get(check) or PART_LABELS.get(check, check), ", ".join(
        dict.fromkeys(code_label(check, code) for code in codes)
    )
