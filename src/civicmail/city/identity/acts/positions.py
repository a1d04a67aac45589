"""The act on the profile of a position: the four reasons once for everybody in it (P-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.identity.acts.access_reasons import FourReasons
from civicmail.city.pages.act import Act, FormPage, Operation

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department
    from civicmail.city.identity.models import Profile


@dataclass(frozen=True, slots=True)
class Position:
    """A position in which people work or worked, and the newest version of its profile."""

    department: Department
    name: str
    profile: Profile | None


class WriteProfile(Act[Position, FourReasons, "Profile"]):
    """Write the four reasons for a position; existing authorizations keep the old version."""

    name, permission, input = "write_profile", "profile.write", FourReasons
    operation = Operation("/departments/{slug:department}/position", "write:access", query=("name",), page="profile")

    def load(self, department: str, name: str, *, actor: Actor, now: int) -> Position:
        from django.http import Http404

        from civicmail.city.directory.models import Episode
        from civicmail.city.guard import guard
        from civicmail.city.identity.models import Profile
        from civicmail.city.identity.views.roster import department_of

        where, position = department_of(department), name.strip()
        guard.require_could(actor, "roster.authorise", InDepartment(where.code), now=now)
        if not position or not Episode.objects.filter(department=where, position=position).exists():
            raise Http404
        versions = Profile.objects.filter(department=where, position=position).select_related("by")
        return Position(where, position, versions.order_by("-version").first())

    def resource(self, row: Position, actor: Actor) -> Resource:
        return InDepartment(row.department.code)

    def initial(self, row: Position) -> Mapping[str, Any]:
        return {field: getattr(row.profile, field) for field in FourReasons.fields} if row.profile else {}

    def perform(self, row: Position, given: FourReasons, *, actor: Actor, now: int) -> Profile:
        from civicmail.city.identity.actions import bulk_authorization

        return bulk_authorization.write_profile(row.department, row.name, given.reasons, actor=actor, now=now)

    def message(self, row: Position, done: Profile) -> str:
        return f"Version {done.version} of the profile is in use."

    def form_page(self, row: Position) -> FormPage:
        from django.urls import reverse

        where = row.department
        back = f"{reverse('position', args=[where.code])}?{urlencode({'position': row.name})}"
        return FormPage(
            title=f"Authorization profile: {row.name}", section=where.name, submit="Save the profile", back=back,
            crumbs=[(f"{where.name}: people", reverse("people", args=[where.code])), (row.name, back)],
        )  # fmt: skip


WRITE_PROFILE = WriteProfile()
