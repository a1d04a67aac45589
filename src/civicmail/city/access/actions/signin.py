"""Sign-ins: opening one, failures that lock it, and its release (P-07, S1; AC-7)."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from civicmail.city.access import guard
from civicmail.city.access.actions import entries
from civicmail.city.access.actions.publishing import publish_on_commit
from civicmail.city.access.actors import Actor, machine
from civicmail.city.access.errors import Conflict, Unusable
from civicmail.city.access.models import Account, Failure
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.queries.signin import digest, failures_of, normal
from civicmail.city.directory.models import Mailbox, Person

SIGNIN = machine("sign-in")


def open_account(person: Person, *, actor: Actor, reason: str, now: int, username: str = "") -> Account:
    """The one sign-in of a person; the one that is there when there is one. username: what is typed; else the address of the
    person's mailbox, else the number in the directory."""
    guard.require(actor, "account.invite", about_person(person), now=now)
    return account_of(person, actor=actor, reason=reason, now=now, username=username)


def account_of(person: Person, *, actor: Actor, reason: str, now: int, username: str = "") -> Account:
    """As open_account, for verbs that have asked the guard about more."""
    with transaction.atomic():
        if (found := Account.objects.select_for_update().filter(person=person).first()) is not None:
            return found
        name = normal(username) or _address_of(person) or normal(person.uid)
        try:
            with transaction.atomic():
                made = Account(person=person, username=name, made=moment(now))
                made.set_unusable_password()
                made.save()
        except IntegrityError:
            raise Unusable(f"Somebody signs in as {name} already.", {"username": "This name is taken."}) from None
        entries.enter("account.open", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts={"login": name})
        publish_on_commit([person.pk])
    return made


def _address_of(person: Person) -> str:
    own = Mailbox.objects.filter(kind="personal", holder=person, closed__isnull=True).order_by("made", "id")
    return own.values_list("address", flat=True).first() or ""


def note_failure(login: str, *, door: str, client: str, now: int) -> bool:
    """A sign-in failed. True when the account is locked now. Who fails `signin.attempts` times within the window since the last
    success is locked until an officer releases it (AC-7)."""
    name = normal(login)
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(username=name).first()
        Failure.objects.create(account=account, login=digest(name), door=door[:12], client=client[:45], at=moment(now))
        if account is None or account.locked is not None:
            return account is not None
        if failures_of(account, now) < settings.CITY.signin.attempts:
            return False
        account.locked = moment(now)
        account.save(update_fields=["locked"])
        entries.enter(
            "account.locked",
            actor=Actor(SIGNIN.uid, SIGNIN.name, machine=True, client=client),
            reason=f"{settings.CITY.signin.attempts} failures within {settings.CITY.signin.window // 60} minutes",
            now=now,
            object=f"person:{account.person.uid}",
            facts={"door": door},
        )
        publish_on_commit([account.person_id])
    return True


def unlock(account: Account, *, actor: Actor, reason: str, now: int) -> None:
    """Release a locked sign-in; what failed before does not count any more. Raises Conflict when it is not locked."""
    guard.require(actor, "account.unlock", about_person(account.person), now=now)
    if not reason.strip():
        raise Unusable("Say why.", {"reason": "Say why."})
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        if row.locked is None:
            raise Conflict("This sign-in is not locked.")
        since = ms(row.locked)
        row.locked = None
        row.save(update_fields=["locked"])
        Failure.objects.filter(Q(account=row) | Q(login=digest(row.username))).delete()
        facts = {"locked": since}
        entries.enter("account.unlock", actor=actor, reason=reason, now=now, object=f"person:{row.person.uid}", facts=facts)
        publish_on_commit([row.person_id])


def forget_failures(*, now: int) -> int:
    """Remove failures that count no longer, a day after they happened; returns how many."""
    before = moment(now - 86_400_000)
    return Failure.objects.filter(at__lt=before).delete()[0]
