"""The policy text and people's answers to it (P1, P2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, Max

from civicmail.city.guard.access_status import PolicyAnswers, PolicyDue, Version, policy_due
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.models import Acknowledgement, Authorization, PolicyText


@dataclass(frozen=True, slots=True)
class LatestAnswers:
    """The newest version that a person accepted, when something was last accepted and declined; ms, 0 for never."""

    version: int = 0
    accepted: int = 0
    declined: int = 0

    def answers(self, began: int) -> PolicyAnswers:
        return PolicyAnswers(self.version, self.accepted, self.declined, began)


def versions() -> tuple[Version, ...]:
    """All versions, in order."""
    rows = PolicyText.objects.order_by("version").values_list("version", "published", "material")
    return tuple(Version(number, epoch_ms(at), material) for number, at, material in rows)


def newest() -> PolicyText | None:
    """The text that people accept now."""
    return PolicyText.objects.order_by("-version").first()


def counts() -> dict[tuple[int, bool], int]:
    """The number of answers to each version (id of the row): (version, accepted) -> count. One query."""
    rows = Acknowledgement.objects.order_by().values("text", "accepted").annotate(n=Count("id"))
    return {(text, accepted): n for text, accepted, n in rows.values_list("text", "accepted", "n")}


def answers_by_person(people: Iterable[int] | None = None) -> dict[int, LatestAnswers]:
    """The answers of people (ids of rows; None for all), by person; without people who have not answered. One query."""
    rows = Acknowledgement.objects.order_by()
    if people is not None:
        rows = rows.filter(person__in=people)
    answers: dict[int, LatestAnswers] = {}
    for person, accepted, version, at in rows.values_list("person", "accepted").annotate(Max("text__version"), last=Max("at")):
        was = answers.get(person, LatestAnswers())
        answers[person] = replace(was, version=version, accepted=epoch_ms(at)) if accepted else replace(was, declined=epoch_ms(at))
    return answers


def owed_by(person: int, now: int) -> PolicyDue | None:
    """The version that a person (id of the row) still has to accept; None without one. now: ms."""
    began = Authorization.objects.filter(person=person, state="active", until__gt=from_ms(now)).order_by("starts")
    first = began.values_list("starts", flat=True).first()
    return policy_due(
        versions(), answers_by_person([person]).get(person, LatestAnswers()).answers(epoch_ms(first) if first else 0), now
    )
