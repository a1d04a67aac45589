"""What pages ask about findings."""

from __future__ import annotations

from civicmail.city.access.actors import Actor
from civicmail.desk.holding.models import Finding

EVIDENCE = {
    "campaign": "campaign",
    "commercial": "business of one's own",
    "severe": "words that hurt",
    "threat": "a threat",
    "infringement": "the work of others",
}
"""Code of the check for use -> what kind of sign it is."""


def count_for(actor: Actor) -> int:
    """How many this reviewer can answer now: what nobody has answered, and what waits for a second one."""
    second = Finding.objects.filter(state="second").exclude(reviewer__uid=actor.uid)
    return Finding.objects.filter(state="open").count() + second.count()


def evidence_counts(finding: Finding) -> list[tuple[str, str, int]]:
    """(kind, the phrase as its list calls it, in how many places) of what was found; never a word of the message."""
    counts: dict[tuple[str, str], int] = {}
    for _, code, _, mask in finding.evidence:
        key = EVIDENCE.get(code, code), mask.replace("-", " ")
        counts[key] = counts.get(key, 0) + 1
    return [(*key, count) for key, count in counts.items()]


def count_same_person(finding: Finding) -> int:
    """How many other findings there are about the same pseudonym; about the same person where both have a name."""
    rows = Finding.objects.exclude(pk=finding.pk)
    return rows.filter(person=finding.person).count() if finding.person else rows.filter(pseudonym=finding.pseudonym).count()
