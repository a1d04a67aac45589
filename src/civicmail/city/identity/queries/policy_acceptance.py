"""How many people with mail had accepted the policy at a time, by department (P1; P-28). The past is read from their answers."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from civicmail.city.guard.access_status import YEAR_MS, Version
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.models import Acknowledgement, Authorization, Tally
from civicmail.city.identity.queries import policy_answers
from civicmail.city.identity.tallies import TallyKind

HAD = ("active", "suspended", "expired", "revoked")
"""States of an authorization that was once active."""
ENDED = ("expired", "revoked")
PEOPLE: TallyKind = "policy-people"
ACCEPTED: TallyKind = "policy-accepted"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """people: with mail; accepted: those of them who had accepted the policy."""

    people: int = 0
    accepted: int = 0

    @property
    def share(self) -> float | None:
        """In percent; None without people."""
        return 100 * self.accepted / self.people if self.people else None

    def __add__(self, other: Acceptance) -> Acceptance:
        return Acceptance(self.people + other.people, self.accepted + other.accepted)


def by_department(moments: Sequence[int]) -> dict[str, list[Acceptance]]:
    """For each department (by code), at each moment. moments: epoch ms, in order. Three queries."""
    in_force = _in_force(moments[0])
    return {
        code: [
            Acceptance(len(have), sum(any(begin <= at < end for begin, end in in_force.get(person, ())) for person in have))
            for at, have in zip(moments, with_mail, strict=True)
        ]
        for code, with_mail in _people(moments).items()
    }


def at_month_ends(months: Sequence[date], moments: Sequence[int]) -> dict[str, list[Acceptance]]:
    """For each department (by code), at the end of each month: as counted then, else by the answers. moments: of the ends, or now.
    Four queries."""
    departments = by_department(moments)
    stored: dict[tuple[str, date], dict[str, int]] = defaultdict(dict)
    rows = Tally.objects.filter(month__in=months, what__in=[PEOPLE, ACCEPTED]).order_by()
    for code, month, what, count in rows.values_list("department__code", "month", "what", "count"):
        stored[code, month][what] = count
    places = {month: n for n, month in enumerate(months)}
    for (code, month), counts in stored.items():
        counted = departments.setdefault(code, [Acceptance() for _ in months])
        counted[places[month]] = Acceptance(counts.get(PEOPLE, 0), counts.get(ACCEPTED, 0))
    return departments


def _people(moments: Sequence[int]) -> dict[str, list[set[int]]]:
    """Who had a personal mailbox (ids of rows) in each department, at each moment."""
    rows = Authorization.objects.filter(state__in=HAD, role="holder", starts__lte=from_ms(moments[-1])).order_by()
    columns = ("department__code", "person", "state", "starts", "since", "until")
    people: dict[str, list[set[int]]] = defaultdict(lambda: [set() for _ in moments])
    for code, person, state, starts, since, until in rows.values_list(*columns):
        began, ended = epoch_ms(starts or since), epoch_ms(since if state in ENDED else until)
        for n in range(bisect_left(moments, began), bisect_left(moments, ended)):
            people[code][n].add(person)
    return people


def _in_force(first: int) -> dict[int, list[tuple[int, int]]]:
    """From when until when the answers of people were sufficient, as access_status.policy_due has it; of answers that could be so
    at the first moment or later. epoch ms."""
    versions = policy_answers.versions()
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    recent = Acknowledgement.objects.filter(at__gt=from_ms(first - YEAR_MS)).order_by("at")
    rows = recent.values_list("person", "accepted", "text__version", "at")
    for person, accepted, version, given in rows:
        at, mine = epoch_ms(given), spans[person]
        if accepted:
            mine.append((at, min(at + YEAR_MS, _replaced(versions, version))))
        elif mine:
            mine[-1] = (mine[-1][0], min(mine[-1][1], at))
    return spans


def _replaced(versions: Sequence[Version], accepted: int) -> int:
    """When a later version had to be accepted, too."""
    return next((v.at for v in versions if v.material and v.number > accepted), _NEVER)


_NEVER = 1 << 62
