"""What an identity provider says of one person: done within its request, through the difference, brake and report of all feeds
(L1, L7; RFC 7644).

One day of it is one report in state *live*. `active=false` and DELETE end access at every door; nothing here deletes a person,
and nothing grants access. What cannot be done is raised and stands in the report as refused, or as held by the brake.
"""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from civicmail.city.access import guard
from civicmail.city.access.actions import feedlines, feednews
from civicmail.city.access.actions.publishing import publish_on_commit
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Held, Taken, Unusable
from civicmail.city.access.moments import DAY, moment
from civicmail.city.access.queries.feeds import contracts, known_one
from civicmail.city.access.queries.scim import people_now, uid_of_user, works
from civicmail.city.directory import feedbrake, feeddiff, feedfile, scimrow
from civicmail.city.directory.feeddiff import Line
from civicmail.city.directory.models import FeedLine, FeedRun, Person, ScimUser
from civicmail.city.directory.scimrow import Names

SOURCE = "SCIM"
GONE = "Not active in the identity provider any more."
_AT_DOORS = frozenset({"family", "given", "display", "kind", "department", "contract", "outside"})
"""What doors know of people; they are not told of anything else."""
_SHUTS = frozenset({"kind", "contract"})
"""What may shut a door: who comes under an agency that is suspended. The rest is left to the city worker, which tells it of many
people at once."""
WAITS = "what it said before waits, or was rejected"
"""Nothing more of the kind is done then, whatever the day: a feed that lies is stopped, and not obeyed a little each day."""
Said = dict[str, Any]


def create(said: Said, *, names: Names, actor: Actor, now: int) -> ScimUser:
    """A user, and the person who works for the city by that: a new one, one who is here already, or one who comes back; without
    access. Raises Taken, Unusable, Held."""
    guard.require(actor, "feed.take", now=now)
    uid, name = _uid(said, names), _user_name(said)
    with transaction.atomic(savepoint=False):
        if ScimUser.objects.filter(Q(uid=uid) | Q(user_name=name), gone__isnull=True).exists():
            raise Taken("There is a user with this number or userName already.")
        _follow(uid, {}, said, names, actor, now)
        at = moment(now)
        row = ScimUser(uuid=uuid.uuid4(), uid=uid, user_name=name, external=_external(said), said=said, made=at, changed=at)
        _saved(row)
    return row


def change(row: ScimUser, said: Said, *, names: Names, actor: Actor, now: int) -> ScimUser:
    """The user is like this now; where nothing is said of active it stays as it is, so that nobody is hired by silence. row: locked
    by the caller, in its transaction. Raises Taken, Unusable, Held."""
    guard.require(actor, "feed.take", now=now)
    name = _user_name(said)
    if "active" not in said:
        said = {**said, "active": works(row.uid)}
    with transaction.atomic(savepoint=False):
        if _uid(said, names) != row.uid:
            raise Unusable(f"{names.number} is who somebody is; it does not change.")
        if (renamed := name != row.user_name) and ScimUser.objects.filter(user_name=name, gone__isnull=True).exists():
            raise Taken("There is a user with this userName already.")
        _follow(row.uid, row.said, said, names, actor, now)
        row.said, row.user_name, row.external = said, name, _external(said)
        row.version, row.changed = row.version + 1, moment(now)
        fields = ["said", "user_name", "external", "version", "changed"]
        if renamed:
            _saved(row, fields)
        else:
            row.save(update_fields=fields)
    return row


def remove(row: ScimUser, *, actor: Actor, now: int) -> None:
    """The user is gone for SCIM; the person is ended and stays (L3). row: locked by the caller. Raises Held."""
    guard.require(actor, "feed.take", now=now)
    with transaction.atomic(savepoint=False):
        person = known_one(row.uid).get(row.uid)
        if person is not None and person.open:
            _end(row.uid, actor, now)
        row.gone = moment(now)
        row.save(update_fields=["gone"])


def note_not_done(uid: str, error: Held | Unusable, *, actor: Actor, now: int) -> None:
    """After the transaction of a verb was undone: the refused person in the report of the day, the held one in a report that waits
    for an officer. The same again is not another line."""
    guard.require(actor, "feed.take", now=now)
    with transaction.atomic():
        if isinstance(error, Held):
            _hold(error.line, str(error), actor, now)
            return
        run = _today(actor, now)
        if not run.lines.filter(uid=uid, did="refused", reason=str(error)[:300]).exists():
            FeedLine.objects.create(run=run, uid=uid, did="refused", reason=str(error)[:300], at=moment(now))


def _follow(uid: str, before: Said, said: Said, names: Names, actor: Actor, now: int) -> None:
    """Bring the directory to what is said."""
    boss = uid_of_user(scimrow.manager(said))
    people = known_one(uid, boss)
    had = people.get(uid)
    if not scimrow.is_active(said):
        if had is not None and had.open:
            _end(uid, actor, now)
        return
    try:
        row = feedfile.row_of(0, scimrow.plain(said, names, had, boss))
    except ValueError as problem:
        raise Unusable(str(problem)) from None
    agreed = {key: c.ends for key, c in contracts().items()} if row.contract else {}
    today = timezone.localdate(moment(now))
    line = feeddiff.one(row, people, scimrow.columns(before, said), names.codes, agreed, today)
    if line is not None and line.did == "refused":
        raise Unusable(line.reason)
    if line is not None:
        _do(line, actor, now)


def _end(uid: str, actor: Actor, now: int) -> None:
    """L1, unless too many were ended within a day (L7)."""
    _do(Line(0, uid, "ended", reason=GONE), actor, now)


def _do(line: Line, actor: Actor, now: int) -> None:
    if why := _brake(line, now):
        raise Held(f"The brake: {why}. The access office decides first.", line)
    run = _today(actor, now)
    made = FeedLine.objects.create(
        run=run, uid=line.uid, did=line.did, changes=line.changes, reason=line.reason[:300], at=moment(now)
    )
    FeedRun.objects.filter(pk=run.pk).update(rows=F("rows") + 1)
    feedlines.do([made], actor=actor, reason=SOURCE, gone=GONE, now=now)
    if line.did == "changed" and _AT_DOORS & line.changes.keys():
        people = Person.objects.filter(uid=line.uid).values_list("pk", flat=True)
        publish_on_commit(people, later=not _SHUTS & line.changes.keys())


def _brake(line: Line, now: int) -> str:
    """Why a person decides first (L7), "" where nobody has to."""
    large = [(what, names) for what, names in feedbrake.LARGE if line.did == "changed" and names & line.changes.keys()]
    if not large and line.did != "ended":
        return ""
    last = FeedRun.objects.filter(kind="scim", state__in=["stopped", "rejected", "applied"], lines__did=line.did).order_by("-id")
    if last.values_list("state", flat=True).first() in ("stopped", "rejected"):
        return WAITS
    done, people = _lately(line.did, now), people_now()
    if line.did == "ended":
        ended = done.count()
        return "more than 2 % of the people were ended within a day" if feedbrake.is_one_too_many(ended, people + ended) else ""
    for what, names in large if feedbrake.is_changed_too_often(done.count(), people) else ():
        others = done.filter(changes__has_any_keys=sorted(names)).exclude(uid=line.uid)
        if feedbrake.is_changed_too_often(others.order_by().values("uid").distinct().count(), people):
            return f"it would {what} more than 10 % of the people within a day"
    return ""


def _lately(did: str, now: int) -> QuerySet[FeedLine]:
    """What SCIM did within 24 hours, since an officer last said that so much is right."""
    since = moment(now - DAY)
    looked = FeedRun.objects.filter(kind="scim", state="applied", decided__isnull=False).order_by("-decided").first()
    if looked is not None and looked.decided is not None:
        since = max(since, looked.decided)
    return FeedLine.objects.filter(run__kind="scim", run__state="live", did=did, at__gt=since)


def _today(actor: Actor, now: int) -> FeedRun:
    """The report of the day, made at its first word."""
    day = timezone.localdate(moment(now))
    run = FeedRun.objects.filter(state="live", day=day).first()
    if run is None:
        made = {"at": moment(now), "kind": "scim", "source": SOURCE, "sha256": "", "by": actor.uid}
        run, new = FeedRun.objects.get_or_create(state="live", day=day, defaults=made)
        if new:
            feednews.heard(run, now=now)
    return run


def _hold(line: Line, why: str, actor: Actor, now: int) -> None:
    """What the provider says last of somebody is what waits; but who was to be ended still is."""
    run = FeedRun.objects.select_for_update().filter(kind="scim", state="stopped").order_by("id").first()
    if run is None:
        run = FeedRun.objects.create(
            at=moment(now), kind="scim", source=f"{SOURCE}, held", sha256="", state="stopped", brake=why, by=actor.uid
        )
        feednews.heard(run, now=now)
    elif WAITS not in why and why not in run.brake:
        FeedRun.objects.filter(pk=run.pk).update(brake=f"{run.brake} {why}"[:400])
    waits = run.lines.filter(uid=line.uid).first()
    if waits is not None and waits.did == "ended":
        return
    said = {"did": line.did, "changes": line.changes, "reason": line.reason[:300], "at": moment(now)}
    FeedLine.objects.update_or_create(run=run, uid=line.uid, defaults=said)
    if waits is None:
        FeedRun.objects.filter(pk=run.pk).update(rows=F("rows") + 1)


def _saved(row: ScimUser, fields: list[str] | None = None) -> None:
    """fields: of one that is there already. Two who say the same name at once: one hears of the other."""
    try:
        with transaction.atomic():
            row.save(force_insert=fields is None, update_fields=fields)
    except IntegrityError:
        raise Taken("There is a user with this number or userName already.") from None


def _uid(said: Said, names: Names) -> str:
    try:
        uid = scimrow.uid_of(said, names)
    except ValueError as problem:
        raise Unusable(str(problem)) from None
    if len(uid) > 60:
        raise Unusable(f"{names.number} has more than 60 characters.")
    return uid


def folded(name: str) -> str:
    """A userName as it is compared (RFC 7643 4.1.1: case does not matter)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().lower())


def _user_name(said: Said) -> str:
    name = folded(str(said.get("userName") or ""))
    if not name or len(name) > 254:
        raise Unusable("userName is needed, with 254 characters at most.")
    return name


def _external(said: Said) -> str:
    return str(said.get("externalId") or "")[:254]
