"""A rule, people who write and approve it, and the book as it stands."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.desk.oversight.actions import rule_decisions, rules
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.rule_text import MATRIX
from pages.world import Town

WHY = "The council asked for it in May."
CHANGED = "Another condition."


def author(uid: str = "p-author") -> Actor:
    return Actor(uid, held=(HeldRole("policy-author"),))


def second(uid: str = "p-second") -> Actor:
    return Actor(uid, held=(HeldRole("policy-approver"),))


def officer(uid: str = "p-security", until: int = 1 << 60) -> Actor:
    return Actor(uid, held=(HeldRole("security-officer", active_until=until),))


def text(
    id_: str = "no-iso", *, when: str = "inbound && files.active", mode: str = "enforce", do: str = "quarantine",
    expires: str = "2199-12-31", why: str = "Disk images come with attacks.",
) -> str:  # fmt: skip
    inbound = "inbound" in when
    return f"""[[rule]]
id = "{id_}"
clause = "P-25"
owner = "Security office"
why = "{why}"
expires = {expires}
severity = "high"
mode = "{mode}"
do = "{do}"
when = '{when}'
sender = "Files that act when they are opened are not taken."
reader = "It has a file that acts when it is opened."
ask = "the help desk"

[[rule.example]]
facts = {{ {"inbound = true, " if inbound else ""}"files.active" = true }}
fits = true

[[rule.example]]
facts = {{ inbound = true }}
fits = false
"""


def approved(t: Town, now: int, written: str = "", *, after: int = 0, starts: timedelta | None = None) -> Version:
    """Drafted, tested, proposed and approved."""
    row = proposed(t, now, written, after=after, starts=starts)
    return rule_decisions.approve(row, actor=second(), reason=WHY, now=now)


def proposed(t: Town, now: int, written: str = "", *, after: int = 0, starts: timedelta | None = None) -> Version:
    row = rules.draft(written or text(), CHANGED, after=after, actor=author(), now=now)
    row = rules.test(row, actor=author(), now=now)
    return rules.propose(row, WHY, starts=t.now + starts if starts else None, actor=author(), now=now)


def with_matrix(now: int) -> None:
    """A book is never empty: it has at least the fail matrix."""
    text_ = '[matrix]\nclamav = { inbound = "hold", internal = "deliver-again", outbound = "pending" }\n'
    at = from_ms(now)
    Version.objects.create(rule=MATRIX, number=1, text=text_, made=at, since=at, activated=at, state="active", clause="P-29")


def mine() -> QuerySet[Version]:
    """Versions of rules, without the fail matrix."""
    return Version.objects.exclude(rule=MATRIX)


def later(now: int, days: int) -> int:
    return now + days * DAY_MS
