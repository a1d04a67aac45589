"""Queries of the pages about findings."""

from __future__ import annotations

from civicmail.city.guard.actors import Actor
from civicmail.desk.holding.models import Finding

EVIDENCE = {
    "campaign": "campaign",
    "commercial": "business of one's own",
    "severe": "words that hurt",
    "threat": "a threat",
    "infringement": "the work of others",
}
"""Code of the check for use -> kind of evidence."""


def count_for(actor: Actor) -> int:
    """Number of findings that this reviewer can answer now: unanswered ones, and those that wait for a second reviewer."""
    second = Finding.objects.filter(state="second").exclude(reviewer__uid=actor.uid)
    return Finding.objects.filter(state="open").count() + second.count()


def evidence_counts(finding: Finding) -> list[tuple[str, str, int]]:
    """(kind, the phrase as its list names it, number of places) of the evidence; never a word of the message."""
    counts: dict[tuple[str, str], int] = {}
    for _, code, _, mask in finding.evidence:
        key = EVIDENCE.get(code, code), mask.replace("-", " ")
        counts[key] = counts.get(key, 0) + 1
    return [(*key, count) for key, count in counts.items()]


def count_same_person(finding: Finding) -> int:
    """Number of other findings about the same pseudonym, or about the same person if both have a name."""
    rows = Finding.objects.exclude(pk=finding.pk)
    return rows.filter(person=finding.person).count() if finding.person else rows.filter(pseudonym=finding.pseudonym).count()
