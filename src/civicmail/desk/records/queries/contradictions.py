"""What contradicts itself in the decisions of a request, in sentences. Nothing is released before the list is empty."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from civicmail.desk.records.models import Decision, Item, Redaction, Request

WITHHELD = ("withhold", "not-a-record", "personal")
LEAVES = ("release", "redact")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """kind: open, uncoded, unused, second, family, request or cluster; item: number of the item to look at."""

    kind: str
    item: int
    sentence: str


def contradictions(request: Request) -> list[Contradiction]:
    """All of a request, in the order of its items."""
    items = list(Item.objects.filter(request=request).select_related("parent"))
    first = {item.content: item.number for item in reversed(items)}
    decisions = {d.content: d for d in Decision.objects.filter(request=request, replaced__isnull=True).select_related("by")}
    listed = [
        *_undecided(items, decisions),
        *_redactions(request, first, decisions),
        *_seconds(first, decisions),
        *_families(items, decisions),
        *_requests(request, first, decisions),
        *_clusters(items, decisions),
    ]
    return sorted(listed, key=lambda contradiction: (contradiction.item, contradiction.kind))


def _undecided(items: list[Item], decisions: dict[str, Decision]) -> list[Contradiction]:
    return [
        Contradiction("open", item.number, f"{item.number:06} is not decided.") for item in items if item.content not in decisions
    ]


def _redactions(request: Request, first: dict[str, int], decisions: dict[str, Decision]) -> list[Contradiction]:
    listed = []
    coded: set[str] = set()
    for redaction in Redaction.objects.filter(request=request, content__in=first, removed__isnull=True):
        number, decision = first[redaction.content], decisions.get(redaction.content)
        if not redaction.code:
            listed.append(Contradiction("uncoded", number, f"Redaction {redaction.number} of {number:06} has no code."))
        elif decision is not None and decision.verdict == "release":
            sentence = f"{number:06} is released in full and has redaction {redaction.number}."
            listed.append(Contradiction("unused", number, sentence))
        else:
            coded.add(redaction.content)
    for content, decision in decisions.items():
        if decision.verdict == "redact" and content in first and content not in coded:
            listed.append(Contradiction("unused", first[content], f"{first[content]:06} is to be redacted and has no redaction."))
    return listed


def _seconds(first: dict[str, int], decisions: dict[str, Decision]) -> list[Contradiction]:
    return [
        Contradiction("second", first[content], f"{first[content]:06} waits for a second reader.")
        for content, decision in decisions.items()
        if content in first and decision.second_asked and decision.confirmed is None
    ]


def _families(items: list[Item], decisions: dict[str, Decision]) -> list[Contradiction]:
    """A file whose message is no record or not asked for, but which leaves alone: a split family is a decision of its own, so its
    note says why."""
    listed = []
    for item in items:
        if item.parent is None or (mine := decisions.get(item.content)) is None:
            continue
        above = decisions.get(item.parent.content)
        if above is not None and mine.verdict in LEAVES and above.verdict not in LEAVES and not mine.note.strip():
            sentence = f"{item.number:06} leaves without its message {item.parent.number:06}: note why."
            listed.append(Contradiction("family", item.number, sentence))
    return listed


def _requests(request: Request, first: dict[str, int], decisions: dict[str, Decision]) -> list[Contradiction]:
    """What another request decided otherwise about the same content: the note says why."""
    others = Decision.objects.filter(content__in=list(decisions), replaced__isnull=True).exclude(request=request)
    listed = []
    for other in others.select_related("request"):
        mine = decisions[other.content]
        leaves, left = mine.verdict in LEAVES, other.verdict in LEAVES
        is_opposite = (leaves and other.verdict in WITHHELD) or (left and mine.verdict in WITHHELD)
        if is_opposite and other.content in first and not mine.note.strip():
            number = first[other.content]
            sentence = f"{number:06}: {mine.verdict} here, {other.verdict} in {other.request.number}. Note why."
            listed.append(Contradiction("request", number, sentence))
    return listed


def _clusters(items: list[Item], decisions: dict[str, Decision]) -> list[Contradiction]:
    """Near-duplicates of which some leave and some are withheld: the note of one of them says why."""
    clusters: dict[int, dict[str, Item]] = defaultdict(dict)
    for item in items:
        if item.cluster is not None and item.content in decisions:
            clusters[item.cluster].setdefault(item.content, item)
    listed = []
    for members in clusters.values():
        theirs = [(item, decisions[content]) for content, item in members.items()]
        leaving = [item for item, decision in theirs if decision.verdict in LEAVES]
        withheld = [item for item, decision in theirs if decision.verdict in WITHHELD]
        if leaving and withheld and not any(decision.note.strip() for _, decision in theirs):
            sentence = f"{leaving[0].number:06} leaves, and {withheld[0].number:06}, which is almost equal, is withheld: note why."
            listed.append(Contradiction("cluster", leaving[0].number, sentence))
    return listed
