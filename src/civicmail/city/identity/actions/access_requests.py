"""Asking for access and answering: the four reasons in writing, three different people, an end, a cost (P-04, P-07; M2, M3).

A request is for a person's own mailbox (role holder), or for a named person to use another one (delegate: of a function mailbox or
of a person's; successor: to read what a leaver had). Nobody is granted the second without the first.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from civicmail.city.directory.actions import addresses, mailboxes, reserved
from civicmail.city.directory.models import Department, Episode, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, employment, lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, format_day, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import Reasons, checked_reason
from civicmail.city.guard.resources import GrantOn
from civicmail.city.identity import authorization_states
from civicmail.city.identity.actions import signin
from civicmail.city.identity.actions.mailboxes import domains
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.bars import KINDS
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.person_kinds import latest_end
from civicmail.city.identity.queries import access_status, bars, sponsors
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.queries.bars import about_authorization
from civicmail.city.pages.days import last_day


def ask(
    person: Person, *, reasons: Reasons, until: int, actor: Actor, now: int, address: str = "", starts: int | None = None
) -> Authorization:
    """Request a person's own mailbox. until: ms, at most a year away and within the contract; starts: ms, else on approval.
    address: else one is proposed from the name. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "request.ask", about_person(person), now=now)
    with transaction.atomic():
        episode = employment(person)
        _require_new(Authorization.objects.filter(person=person, role="holder", department=episode.department))
        mailbox = open_own_mailbox(person, episode.department, address, now=now)
        return _ask(
            person, mailbox, episode, episode.department, "holder", reasons, until=until, starts=starts, actor=actor, now=now
        )


def ask_grant(
    person: Person, mailbox: Mailbox, role: str, *, reasons: Reasons, until: int, actor: Actor, now: int
) -> Authorization:
    """Ask that a named person may use another mailbox. role: delegate or successor. Raises NotPermitted, Unusable, Conflict."""
    holder = mailbox.holder.uid if mailbox.holder else ""
    guard.require(actor, "grant.ask", GrantOn(mailbox.department.code, person.uid, holder=holder), now=now)
    if role not in ("delegate", "successor") or (role == "successor") > (mailbox.holder is not None):
        raise Unusable(
            "A grant is a delegate's, or a successor's of a person's mailbox.", {"role": "Choose delegate or successor."}
        )
    if mailbox.kind == Mailbox.Type.SERVICE or mailbox.closed is not None or mailbox.holder == person:
        raise Conflict(f"Nobody else can be granted {mailbox}: it is a machine's, closed, or the person's own.")
    with transaction.atomic():
        episode = employment(person)
        _require_new(Authorization.objects.filter(person=person, mailbox=mailbox, department=mailbox.department))
        return _ask(person, mailbox, episode, mailbox.department, role, reasons, until=until, actor=actor, now=now)


def approve(authorization: Authorization, *, actor: Actor, now: int, reason: str = "") -> Authorization:
    """Approve a request: it takes effect immediately, or at its start. Raises NotPermitted for the requester and the holder,
    Conflict."""
    act, about, higher = bars.decision_for(authorization)
    four_eyes.require(actor, act, about, now=now)
    if any(
        likeness.is_strong for likeness in bars.likenesses_of(authorization.person)
    ):  # permanently barred, and more in common than a name
        reason = checked_reason(reason, min_length=20)
    with transaction.atomic():
        row = _answered(authorization, "approve", actor, now, reason)
        _require_not_barred(row.person, now)
        if row.episode.ended is not None:
            raise Conflict(f"{row.person} does not work for the city now.")
        if row.until <= from_ms(now):
            raise Conflict("The requested period is over. Submit a new request.")
        row.save()
        _entered("request.approve", row, actor, reason, now, **({"higher": higher} if higher else {}))
        if row.starts is None or row.starts <= from_ms(now):
            activate(row, actor=actor, now=now)
    return row


def refuse(authorization: Authorization, *, actor: Actor, reason: str, now: int) -> Authorization:
    """Say no, with the reason in words that the asker reads."""
    act, about, _ = bars.decision_for(authorization)
    four_eyes.require(actor, act, about, now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        row = _answered(authorization, "refuse", actor, now, reason)
        row.save()
        discard_mailbox(row.mailbox, now=now)
        _entered("request.refuse", row, actor, reason, now)
        publish_on_commit([row.person_id], [row.mailbox_id], lists=row.role == "holder")
    return row


def decide(authorization: Authorization, decision: str, *, actor: Actor, reason: str, now: int) -> Authorization:
    """approve or refuse."""
    verb = approve if decision == "approve" else refuse
    return verb(authorization, actor=actor, reason=reason, now=now)


def withdraw(authorization: Authorization, *, actor: Actor, reason: str, now: int) -> Authorization:
    """Withdraw a request before it takes effect, by its requester or another person who could have made it."""
    guard.require(actor, "request.withdraw", about_authorization(authorization), now=now)
    reason = checked_reason(reason)
    with locked_row(authorization, "state") as row:
        transition(row, "withdraw", reason, now)
        discard_mailbox(row.mailbox, now=now)
        _entered("request.withdraw", row, actor, reason, now)
        publish_on_commit([row.person_id], [row.mailbox_id], lists=row.role == "holder")
    return row


def extend(authorization: Authorization, until: int, *, actor: Actor, reason: str, now: int) -> Authorization:
    """Extend an authorization by the department, with a reason of at least twenty characters. until: ms. Raises NotPermitted for
    the holder, and for the requester."""
    four_eyes.require(actor, "request.decide", about_authorization(authorization), now=now)
    reason = checked_reason(reason, min_length=20)
    with locked_row(authorization, "state", "until") as row:
        if row.state not in ("active", "suspended"):
            raise Conflict("Only what is in force can be extended.")
        if row.department != row.episode.department and row.role == "holder":
            raise Conflict(f"{row.person} works in another department now, which decides afresh.")
        before = epoch_ms(row.until)
        save_values(row, until=_checked_until(row.episode, until, now), approver=acting_person(actor), decided=from_ms(now))
        _entered("request.extend", row, actor, reason, now, before=before)
        publish_on_commit([row.person_id])
    return row


# -- for verbs that have passed the guard, inside their transaction


def activate(row: Authorization, *, actor: Actor, now: int) -> None:
    """Put an approved authorization in force: the sign-in is opened, unless the account is compromised (locking.py), and
    authorizations of another department for the same mailbox end. Raises Conflict for a grant whose grantee has no live access of
    their own."""
    if row.role != "holder" and not access_status.load_status(now, [row.person.pk]).is_live(row.person.pk):
        raise Conflict(f"{row.person} has no access of their own; that comes first, and what is granted ends with it.")
    _require_not_barred(row.person, now)
    transition(row, "activate", row.why, now)
    row.starts = from_ms(now)
    row.save()
    for other in Authorization.objects.filter(mailbox=row.mailbox, person=row.person, state__in=LIVING).exclude(pk=row.pk):
        transition(other, "revoke", f"{row.department} authorizes now", now)
    if row.role == "holder":
        mailboxes.reopen(row.mailbox, row.department, now=from_ms(now))
        account = signin.account_of(row.person, actor=actor, reason="access was authorized", now=now)
        if not account.is_active and account.contained is None:  # hired again (L5)
            save_values(account, is_active=True)
    _entered("access.begin", row, actor, "", now)
    publish_on_commit([row.person_id], [row.mailbox_id], lists=row.role == "holder")


def transition(row: Authorization, action: str, why: str, now: int) -> None:
    """Take a step of the table of states and save. Raises Conflict."""
    row.state = authorization_states.step(row.state, action)
    row.since, row.why = from_ms(now), why[:400]
    row.save()


def open_own_mailbox(person: Person, department: Department, address: str = "", *, now: int) -> Mailbox:
    """The personal mailbox of a person, or a new one: with the address from a list, else with one made from the name. Raises
    Unusable for an address that was another person's."""
    mine = Mailbox.objects.filter(holder=person).order_by("closed", "-made")
    if address:
        return mailboxes.open_personal(person, department, address, domains(), now=from_ms(now))
    mailbox = mine.filter(closed__isnull=True).first() or mine.first()
    if mailbox is not None:
        return mailbox if mailbox.closed is None else mailboxes.reopen(mailbox, department, now=from_ms(now))
    main_address = reserved.main_of([person.pk]).get(person.pk) or addresses.proposed(person, domains()[0])
    return mailboxes.open_personal(person, department, main_address, domains(), now=from_ms(now))


def discard_mailbox(mailbox: Mailbox, *, now: int) -> None:
    """Close a personal mailbox that was made for a request which came to nothing."""
    rows = Authorization.objects.filter(mailbox=mailbox)
    if (
        mailbox.holder is not None
        and not rows.filter(state__in=LIVING).exists()
        and not rows.filter(approver__isnull=False).exclude(state="refused").exists()
    ):
        mailboxes.close(mailbox, now=from_ms(now))


def checked_end(kind: str, contract_ends: date | None, until: int, now: int, sponsor_left: date | None = None) -> None:
    """Raise Unusable for an end that is over or too far away (M2). until: ms."""
    most = latest_end(kind, timezone.localtime(from_ms(now)), contract_ends, sponsor_left)
    if not from_ms(now) < from_ms(until) <= most:
        raise field_error("until", f"Access ends in the future, with {format_day(last_day(most))} at the latest.")


def _checked_until(episode: Episode, until: int, now: int) -> datetime:
    contract = episode.contract
    checked_end(
        episode.kind, contract.ends if contract else None, until, now, sponsors.sponsor_left(contract) if contract else None
    )
    return from_ms(until)


def _require_not_barred(person: Person, now: int) -> None:
    """Refuse access for barred people, regardless of the requester and the agency (V3)."""
    if (bar := bars.blocked_people([person.pk], now).get(person.pk)) is not None:
        until = f" until {format_day(last_day(bar.until))}" if bar.until else ""
        raise Conflict(f"{person} may not use the city's mail{until}: {KINDS[bar.kind].name.lower()} (P-30).")


def _require_new(same: QuerySet[Authorization]) -> None:
    existing = same.filter(state__in=LIVING).first()
    if existing is not None:
        raise Conflict(f"{existing.person} has this, or it waits for a decision.")


def _ask(
    person: Person,
    mailbox: Mailbox,
    episode: Episode,
    department: Department,
    role: str,
    reasons: Reasons,
    *,
    until: int,
    starts: int | None = None,
    actor: Actor,
    now: int,
) -> Authorization:
    at = from_ms(now)
    _require_not_barred(person, now)
    made = Authorization.objects.create(
        mailbox=mailbox,
        person=person,
        episode=episode,
        department=department,
        role=role,
        requester=acting_person(actor),
        asked=at,
        starts=from_ms(starts) if starts is not None else None,
        until=_checked_until(episode, until, now),
        since=at,
        cost=department.mailbox_cost if role == "holder" else 0,
        **reasons.validated().plain(),
    )
    _entered("request.ask", made, actor, "", now, **reasons.plain())
    publish_on_commit([person.pk], [mailbox.pk], lists=role == "holder")
    return made


def _answered(authorization: Authorization, action: str, actor: Actor, now: int, reason: str) -> Authorization:
    """The row, locked, with the answer."""
    row, who = lock_row(authorization, "state", "until"), acting_person(actor)
    row.state = authorization_states.step(row.state, action)
    row.approver, row.decided, row.since, row.why = who, from_ms(now), from_ms(now), reason[:400]
    return row


def _entered(act: str, row: Authorization, actor: Actor, reason: str, now: int, **more: object) -> None:
    facts = {
        "person": row.person.uid,
        "mailbox": row.mailbox.address,
        "role": row.role,
        "state": row.state,
        "department": row.department.code,
        "until": epoch_ms(row.until),
        "cost": row.cost,
        **more,
    }
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"authorisation:{row.pk}", facts=facts)
