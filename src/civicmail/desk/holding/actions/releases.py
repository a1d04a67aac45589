"""Asking that something is let go, and answering: by kind one officer or two, with the checks made once more (P-02, P-19, P-25).

What happens on an answer is a record of the archive with the entry of the answer in it, and only after that the request has an end.
Whoever dies in between is answered by the next one who looks.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from civicmail.city.access import guard
from civicmail.city.access.actions import entries, tallies
from civicmail.city.access.actions.acting import locked, person_of
from civicmail.city.access.actions.deeds import entering_of
from civicmail.city.access.actors import Actor, machine
from civicmail.city.access.errors import Conflict
from civicmail.city.access.moments import moment
from civicmail.city.access.queries import foureyes
from civicmail.city.access.reasons import reason as given
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.tallies import What
from civicmail.city.notices.actions import tell
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding import kinds, queries, releasestates, senders
from civicmail.desk.holding.actions.lettinggo import releasing
from civicmail.desk.holding.keptback import Copy
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.pipeline.releasing import Released

WAITS = timedelta(days=30)
"""After which a request that nobody has answered is over."""
AT_ONCE = 200
RULES_MOST = 400
TICK = machine("tick")
_GONE = sentence("Nothing of it is kept back any more.")
_ASKED = sentence("You have asked for this already.")


def ask(copies: Sequence[Copy], *, sender: bool = False, actor: Actor, reason: str, now: int) -> Release:
    """Of copies of one message that whoever asks may know of: those that are for them, or that they sent. Raises NotPermitted,
    Unusable, Conflict where one may let it go without asking, or where only a manager may, and where it was asked already."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    reason = given(reason, least=10)
    book = queries.book()
    if not copies:
        raise Conflict(_GONE)
    kind = kinds.strictest([kinds.kind_of(copy.rules, book) for copy in copies])
    if kind == "elsewhere":
        raise Conflict(
            sentence("This is decided elsewhere: files by the department's manager, a contained account by whoever looks after it.")
        )
    if kind not in kinds.ASKED_FOR:
        raise Conflict(sentence("You let this go yourself; nobody has to be asked."))
    rules = dict.fromkeys(rule for copy in copies for rule in kinds.keeping_rules(copy.rules, book))
    made = Release(
        capture=copies[0].uuid, copies=sorted({copy.index for copy in copies}), kind=kind, rules=_names(rules), sender=sender,
        malware=list(queries.kept().malware(copies[0].id)), requester=person_of(actor), why=reason, made=moment(now),
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            tallies.add(senders.department_of(made.requester), "release-asked", at=moment(now))
            _entered("release.ask", made, actor, reason, now)
    except IntegrityError:
        raise Conflict(_ASKED) from None
    return made


def agree(row: Release, *, actor: Actor, reason: str, now: int) -> Release:
    """The first of two officers says that it may go; nothing goes yet. Raises NotPermitted, Unusable, Conflict."""
    return _first(row, "agree", actor, reason, now)


def release(row: Release, *, actor: Actor, reason: str, now: int) -> Release:
    """It may go: the checks are made once more, and only what was kept it when it was asked for is put aside. Raises NotPermitted,
    Unusable, Conflict, LaterError."""
    _require(row, actor, now)
    reason = given(reason, least=10)
    with transaction.atomic():
        found = locked(row, "state")
        releasestates.step(found.kind, found.state, "release")
    done = _let_go(found, actor, reason, now)
    action = "lapse" if done is None or not (done.let or done.kept) else "release" if done.let else "keep"
    return _ended(found, action, actor, reason, now, let=len(done.let) if done is not None else 0)


def refuse(row: Release, *, actor: Actor, reason: str, now: int) -> Release:
    """It stays. reason: whoever asked reads it. Raises NotPermitted, Unusable, Conflict."""
    return _first(row, "refuse", actor, reason, now)


def withdraw(row: Release, *, actor: Actor, now: int) -> Release:
    """Whoever asked does not want it any more. Raises NotPermitted, Conflict."""
    guard.require(actor, "my.mail", OfPerson(row.requester.uid), now=now)
    with transaction.atomic():
        found = locked(row, "state")
        found.state = releasestates.step(found.kind, found.state, "withdraw")
        found.answered = moment(now)
        found.save(update_fields=["state", "answered"])
        _entered("release.withdraw", found, actor, "withdrawn by whoever asked", now)
    return found


def lapse(now: int) -> int:
    """Requests about what nobody keeps back any more, and those that are too old; how many. Whoever asked is told."""
    rows = list(Release.objects.filter(state__in=releasestates.OPEN).order_by("pk")[:AT_ONCE])
    kept = {(copy.uuid, copy.index) for copy in queries.copies(now)} if rows else set()
    over = [r for r in rows if r.made <= moment(now) - WAITS or not any((r.capture, index) in kept for index in r.copies)]
    for row in over:
        _ended(row, "lapse", TICK, "nothing is kept back any more, or nobody has answered", now, let=0)
    return len(over)


def _require(row: Release, actor: Actor, now: int) -> None:
    act = releasestates.act_of(row.kind, row.state)
    if not act:
        raise Conflict("This request was answered meanwhile; look at it again.")
    foureyes.require(actor, act, queries.about(row), now=now)


def _first(row: Release, action: str, actor: Actor, reason: str, now: int) -> Release:
    _require(row, actor, now)
    reason = given(reason, least=10)
    with transaction.atomic():
        found = locked(row, "state")
        found.state = releasestates.step(found.kind, found.state, action)
        if action == "agree":
            found.first, found.first_why, found.agreed = person_of(actor), reason, moment(now)
        else:
            found.person, found.answer, found.answered = person_of(actor), reason, moment(now)
        found.save()
        _entered(f"release.{action}", found, actor, reason, now)
        if action == "refuse":
            tallies.add(senders.department_of(found.requester), "release-kept", at=moment(now))
            _tell(found, now)
    return found


def _ended(row: Release, action: str, actor: Actor, reason: str, now: int, *, let: int) -> Release:
    with transaction.atomic():
        found = locked(row, "state")
        found.state = releasestates.step(found.kind, found.state, action)
        found.let, found.answered = let, moment(now)
        if not actor.machine:
            found.person, found.answer = person_of(actor), reason
        found.save()
        if found.state in ("released", "kept"):
            what: What = "release-let" if found.state == "released" else "release-kept"
            tallies.add(senders.department_of(found.requester), what, at=moment(now))
        _entered("release.end", found, actor, reason, now, let=let)
        _tell(found, now)
    return found


def _let_go(row: Release, actor: Actor, reason: str, now: int) -> Released | None:
    """None where the message is gone: its time was over. What was found since keeps it."""
    book = queries.book()
    rules = [name for name in row.rules.split(",") if name and kinds.kind_of((name,), book) != "malware"]
    entering = entering_of(
        "release.release", actor=actor, reason=reason[:400], now=now, object=f"capture:{row.capture}", facts=_facts(row)
    )
    with releasing() as letting:
        try:
            return letting.release(
                uuid.UUID(row.capture).bytes, row.copies, by=actor.uid, reason=reason, aside=kinds.aside(row.kind), rules=rules,
                malware=row.malware, for_all=row.kind == "other", entering=entering,
            )  # fmt: skip
        except NotInArchive:
            return None


def _names(rules: Collection[str]) -> str:
    """As many as there is room for; a name that is cut would be another rule's."""
    text = ""
    for name in rules:
        if len(text) + 1 + len(name) > RULES_MOST:
            break
        text = f"{text},{name}" if text else name
    return text


def _entered(act: str, row: Release, actor: Actor, reason: str, now: int, **more: int) -> None:
    facts = _facts(row) | more
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"capture:{row.capture}", facts=facts)


def _facts(row: Release) -> dict[str, Any]:
    return {"release": row.pk, "kind": row.kind, "copies": row.copies, "rules": row.rules, "state": row.state}


def _tell(row: Release, now: int) -> None:
    """Whoever asked, in their language; nothing of the message is in it. Belongs into the transaction of the answer."""
    if not (to := senders.address_of(row.requester)):
        return
    with translation.override(row.requester.language):
        said = {
            "released": gettext("You asked that a message is let go. It was checked once more and is on its way."),
            "kept": gettext("You asked that a message is let go. It stays: the checks were made once more and found something."),
            "refused": gettext("You asked that a message is let go. It stays."),
            "lapsed": gettext("You asked that a message is let go. Nothing is kept back any more, or nobody has answered in time."),
        }[row.state]
        parts = [said]
        if row.answer:
            parts.append(gettext("The answer: {words}").format(words=row.answer))
        page = f"{settings.CITY.web.url}{reverse('mail-delivery', args=[row.capture])}"
        parts.append(gettext("How the message stands: {page}").format(page=page))
        subject = gettext("About a message that was kept back")
    tell(f"release:{row.pk}", to, subject, "\n\n".join(parts), now=moment(now))
