"""Roles: assignments, conflicts, locked sign-ins (P-16, AC-7). Activation needs step-up and has no operation."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity.acts import roles
from civicmail.city.identity.acts.sign_ins import RELEASE_SIGN_IN
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries import office
from civicmail.city.identity.queries import signin as signins
from civicmail.city.pages.city_request import require, require_could
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who

router = Router(tags=["Role assignments"])


class DutyHeld(RowSchema):
    """department: for which, empty for the whole city; by: who granted it."""

    id: int
    person: Who
    duty: str
    department: str
    starts: datetime
    until: datetime
    ended: datetime | None
    by: str
    reason: str


class ConflictRecorded(RowSchema):
    """by: who recorded it."""

    id: int
    person: Who
    first: str
    second: str
    control: str
    until: datetime
    by: str


class SignInWait(RowSchema):
    """Where one kind of secret has to wait. kind: password, code, mail (programs), near (its /24), login (every network that is new
    to it). network: "" for all. until: none where only a sign-in in another way, or a release, ends it."""

    kind: str
    network: str
    failures: int
    until: datetime | None


class Locked(RowSchema):
    """A sign-in that is held up. locked: since when an officer has to release it. waits: where wrong passwords make people wait."""

    id: int
    person: Who
    login: str
    locked: datetime | None
    waits: list[SignInWait]


@operation(router, "GET", "/duties", act="duty.see", scope="read:duties", page="duty-grants", response=list[DutyHeld])
def list_duties(request: Call, response: HttpResponse) -> list[DutyHeld]:
    """List current and future holders of roles."""
    require(request, "duty.see")
    return pagination.rows(request, response, office.holders(request.now).select_related("person", "department"), _held)


def _held(g: RoleAssignment) -> DutyHeld:
    return DutyHeld.from_row(g, duty=g.role)


act_operation(router, roles.ASSIGN_ROLE, DutyHeld, _held)
act_operation(router, roles.END_ROLE, DutyHeld, _held)


act_operation(router, roles.RECORD_CONFLICT, ConflictRecorded, ConflictRecorded.from_row)


@operation(router, "GET", "/locked", act="account.unlock", scope="read:access", page="unlocks", response=list[Locked])
def list_locked(request: Call, response: HttpResponse) -> list[Locked]:
    """List locked and throttled sign-ins."""
    require_could(request, "account.unlock")
    return pagination.rows(request, response, signins.locked_or_waiting(epoch_ms(request.now)), lambda a: _locked(a, request.now))


def _locked(a: Account, now: datetime) -> Locked:
    waits = [SignInWait.from_row(w) for w in signins.waits_of(a, epoch_ms(now))]
    return Locked.from_row(a, login=a.username, waits=waits)


act_operation(router, RELEASE_SIGN_IN, Locked, lambda account: _locked(account, timezone.now()))
