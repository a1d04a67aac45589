"""Sign-ins: opening one, releasing one that is held up, and telling its owner of guesses (P-07, S1; AC-7)."""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import Q

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.models import Account, Entry, Failure, Identity, Throttle
from civicmail.city.identity.actions import account_notices
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.queries.signin import find_account, login_digest, normalize, waiting, waits_of

SIGNIN = machine("sign-in")
IDENTITY = "identity"
"""Kind of a wait that an officer alone ends: another identity of a provider wants to sign in as somebody."""


def open_account(person: Person, *, actor: Actor, reason: str, now: int, username: str = "") -> Account:
    """The one sign-in of a person, existing or new. username: the name to type; else the address of the person's mailbox, else the
    number in the directory."""
    guard.require(actor, "account.invite", about_person(person), now=now)
    return account_of(person, actor=actor, reason=reason, now=now, username=username)


def account_of(person: Person, *, actor: Actor, reason: str, now: int, username: str = "") -> Account:
    """The sign-in of a person as open_account, for verbs that have passed the guard for more."""
    with transaction.atomic():
        if (account := Account.objects.select_for_update().filter(person=person).first()) is not None:
            return account
        name = normalize(username) or _address_of(person) or normalize(person.uid)
        try:
            with transaction.atomic():
                made = Account(person=person, username=name, made=from_ms(now))
                made.set_unusable_password()
                made.save()
        except IntegrityError:
            raise Unusable(f"Another person signs in as {name} already.", {"username": "This name is taken."}) from None
        entries.enter("account.open", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts={"login": name})
        publish_on_commit([person.pk])
    return made


def _address_of(person: Person) -> str:
    own = Mailbox.objects.filter(kind="personal", holder=person, closed__isnull=True).order_by("made", "id")
    return own.values_list("address", flat=True).first() or ""


def note_refused(login: str, *, door: str, client: str, now: int) -> None:
    """Record for officers a refused sign-in that involves no guessing (a provider's identity, a mail entry point)."""
    account = find_account(login)
    name = login_digest(account.username if account is not None else login)
    Failure.objects.create(account=account, login=name, door=door[:12], client=client[:45], at=from_ms(now))


def unlock(account: Account, *, actor: Actor, reason: str, now: int) -> None:
    """Release a sign-in: all delays end, and earlier failures no longer count. Raises Conflict if it is not delayed."""
    guard.require(actor, "account.unlock", about_person(account.person), now=now)
    if not reason.strip():
        raise field_error("reason", "Say why.")
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        waits = Throttle.objects.filter(Q(account=row) | Q(login=login_digest(row.username)))
        places = sorted({wait.network for wait in waits.filter(waiting(now)) if wait.kind != "login"})
        if row.locked is None and not waits.filter(waiting(now)).exists():
            raise Conflict("This sign-in is not throttled.")
        facts = {"locked": epoch_ms(row.locked) if row.locked is not None else 0, "networks": places}
        if waits.filter(kind=IDENTITY).exists():
            Identity.objects.filter(account=row).delete()
        save_values(row, locked=None)
        waits.delete()
        entries.enter("account.unlock", actor=actor, reason=reason, now=now, object=f"person:{row.person.uid}", facts=facts)
        publish_on_commit([row.person_id])


def bind(account: Account, provider: str, subject: str, *, name: str, configured: Collection[str], now: int) -> bool:
    """Whether this identity of a provider is the account's: the first one that signs in is bound to it, as long as its provider is
    configured and no officer releases it. Another identity is a row for the access office, and the person is notified. name: of the
    provider, for people."""
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        Identity.objects.filter(account=row).exclude(provider__in=configured).delete()
        mine = Identity.objects.filter(account=row).first()
        if mine is None and not Identity.objects.filter(provider=provider, subject=subject).exists():
            Identity.objects.create(account=row, provider=provider, subject=subject, since=from_ms(now))
            return True
        if mine is not None and (mine.provider, mine.subject) == (provider, subject):
            return True
        wait, new = Throttle.objects.get_or_create(
            kind=IDENTITY, login=login_digest(row.username), network=name[:43],
            defaults={"account": row, "failures": 0, "last": from_ms(now)},
        )  # fmt: skip
        save_values(wait, failures=wait.failures + 1, last=from_ms(now), until=from_ms(now + 7 * DAY_MS))
        if new:
            account_notices.add(row.person, "identity", name, now=now)
        return False


def tell_of_guesses(*, now: int) -> int:
    """Notify employees whose sign-in is being guessed, at most once a day; return how many were notified. This is an entry, too."""
    guessed = Throttle.objects.filter(waiting(now), kind__in=["password", "code", "login"])
    own = Account.objects.filter(pk__in=guessed.values("account"), is_active=True, person__episodes__ended__isnull=True)
    notified = 0
    for account in own.select_related("person").distinct().order_by("pk"):
        with transaction.atomic():
            notified += _tell_of_guesses(account, now)
    return notified


def _tell_of_guesses(account: Account, now: int) -> bool:
    object_ = f"person:{account.person.uid}"
    if Entry.objects.filter(act="account.guessed", object=object_, at__gt=now - DAY_MS).exists():
        return False
    rows = waits_of(account, now)
    places = sorted({row.network for row in rows if row.network and not row.network.startswith("session")})
    facts = {"failures": sum(row.failures for row in rows), "networks": places[:20]}
    entries.enter("account.guessed", actor=SIGNIN, reason="too many wrong passwords or codes", now=now, object=object_, facts=facts)
    account_notices.notify_of_guesses(account, places, now=now)
    return True


def forget_failures(*, now: int) -> int:
    """Remove failures that count no longer, a day after they happened; returns how many."""
    before = from_ms(now - 86_400_000)
    return Failure.objects.filter(at__lt=before).delete()[0]
