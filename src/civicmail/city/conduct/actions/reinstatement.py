"""Restore access that ended because of a wrong record: a new employment and new authorizations with the same words and ends
(decision 0040).

Ended rows stay ended; device passwords and roles are assigned again.
"""

from __future__ import annotations

from django.utils import timezone

from civicmail.city.conduct.models import Violation
from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import Authorization

_WORDS = ("duties", "performance", "efficiency", "service")


def give_back(row: Violation, officer: Person, *, actor: Actor, now: int) -> int:
    """Restore the access, inside the transaction of a verb that has passed the guard; return the number of authorizations. Raises
    Conflict if the contract is over or the person works here again."""
    assert row.ending is not None and row.person is not None, "only what ended comes back"
    old, today = row.ending.episode, timezone.localdate(from_ms(now))
    if row.person.episodes.filter(ended__isnull=True).exists():
        raise Conflict(f"{row.person} works here again; the department authorizes what is needed.")
    if old.contract is not None and old.contract.ends < today:
        raise Conflict("The contract has ended, so access cannot be restored.")
    new = Episode.objects.create(
        person=row.person, kind=old.kind, department=old.department, position=old.position, supervisor=old.supervisor,
        contract=old.contract, starts=today, ends=old.ends,
    )  # fmt: skip
    assert row.ending.done is not None, "it was carried out at once"
    ended = Authorization.objects.filter(episode=old, state="revoked", since=row.ending.done, until__gt=from_ms(now))
    made = [
        Authorization(
            mailbox=a.mailbox, person=row.person, episode=new, department=a.department, role=a.role, profile=a.profile,
            requester=a.requester, asked=a.asked, approver=officer if a.requester_id != officer.pk else a.approver,
            decided=from_ms(now), starts=from_ms(now), until=a.until, state="active", since=from_ms(now),
            why="the record was wrong", cost=a.cost, **{word: getattr(a, word) for word in _WORDS},
        )
        for a in ended.select_related("mailbox", "department", "profile", "requester", "approver").order_by("id")
        if a.mailbox.closed is None and a.approver is not None
    ]  # fmt: skip
    Authorization.objects.bulk_create(made)
    Account.objects.filter(person=row.person, contained__isnull=True).update(is_active=True)
    done = [(f"authorisation:{a.pk}", {"person": row.person.uid, "mailbox": a.mailbox.address, "violation": row.pk}) for a in made]
    entries.enter_each("access.begin", done, actor=actor, reason="the record was wrong", now=now)
    publish_on_commit([row.person.pk], [a.mailbox.pk for a in made], lists=True)
    return len(made)
