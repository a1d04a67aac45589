"""The policy text and what people have said to it (P1, P2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, Max

from civicmail.city.access.models import Acknowledgement, Authorisation, PolicyText
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.standing import Answers, Owed, Version, owed


@dataclass(frozen=True, slots=True)
class Said:
    """The newest version that a person accepted, when something was last accepted and declined; ms, 0 for never."""

    version: int = 0
    accepted: int = 0
    declined: int = 0

    def answers(self, began: int) -> Answers:
        return Answers(self.version, self.accepted, self.declined, began)


def versions() -> tuple[Version, ...]:
    """All versions that there are, in order."""
    rows = PolicyText.objects.order_by("version").values_list("version", "published", "material")
    return tuple(Version(number, ms(at), material) for number, at, material in rows)


def newest() -> PolicyText | None:
    """The text that people accept now."""
    return PolicyText.objects.order_by("-version").first()


def counts() -> dict[tuple[int, bool], int]:
    """How many answers each version (id of the row) has: (version, accepted) -> count. One query."""
    rows = Acknowledgement.objects.order_by().values("text", "accepted").annotate(n=Count("id"))
    return {(text, accepted): n for text, accepted, n in rows.values_list("text", "accepted", "n")}


def said(people: Iterable[int] | None = None) -> dict[int, Said]:
    """What people (ids of rows; None for all) have said, by person; who said nothing is not in it. One query."""
    rows = Acknowledgement.objects.order_by()
    if people is not None:
        rows = rows.filter(person__in=people)
    found: dict[int, Said] = {}
    for person, accepted, version, at in rows.values_list("person", "accepted").annotate(Max("text__version"), last=Max("at")):
        was = found.get(person, Said())
        found[person] = replace(was, version=version, accepted=ms(at)) if accepted else replace(was, declined=ms(at))
    return found


def owed_by(person: int, now: int) -> Owed | None:
    """What one person (id of the row) has to accept still; None when nothing. now: ms."""
    began = Authorisation.objects.filter(person=person, state="active", until__gt=moment(now)).order_by("starts")
    first = began.values_list("starts", flat=True).first()
    return owed(versions(), said([person]).get(person, Said()).answers(ms(first) if first else 0), now)
