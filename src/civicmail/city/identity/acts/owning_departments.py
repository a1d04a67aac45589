"""The departments for which a person may make an address: a choice in the forms of mailboxes and lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.inputs import Choices, Input

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department, Mailbox, MailGroup


@dataclass(frozen=True, slots=True)
class OwningDepartments:
    """choices: (code, name) of each; back: the page of the addresses that this person may list."""

    choices: Choices
    back: str

    def named(self, code: str) -> Department:
        from civicmail.city.directory.models import Department

        return Department.objects.get(code=code)


class InOwnDepartment[Given: Input, Done](Act[OwningDepartments, Given, Done]):
    """Make something that a department owns. everywhere, of_department: names of the URLs of the lists of these objects."""

    everywhere: str
    of_department: str
    from_link = ("department",)

    def load(self, *, actor: Actor, now: int) -> OwningDepartments:
        """Raises NotPermitted where there is no department for which they may."""
        from django.urls import reverse

        from civicmail.city.guard import guard
        from civicmail.city.guard.errors import NotPermitted

        choices = [(code, name) for code, name in _open() if guard.could(actor, self.permission, InDepartment(code), now=now)]
        if not choices:
            raise NotPermitted(guard.could(actor, self.permission, now=now).reason or "No department is open.")
        if guard.may(actor, "mailbox.see", now=now):
            return OwningDepartments(choices, reverse(self.everywhere))
        return OwningDepartments(choices, reverse(self.of_department, args=[choices[0][0]]))

    def find(self, *, actor: Actor, now: int) -> OwningDepartments:
        """Every department; the verb checks which of them are permitted, with its own message."""
        return OwningDepartments(_open(), "")

    def resource(self, row: OwningDepartments, actor: Actor) -> Resource:
        """The resource for any department; the verb checks the one chosen."""
        return InDepartment(row.choices[0][0])

    def choices(self, row: OwningDepartments, actor: Actor) -> Mapping[str, Choices]:
        return {"department": row.choices}


def _open() -> Choices:
    from civicmail.city.directory.models import Department

    return list(Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name"))


def owned_page(view: str, row: Mailbox | MailGroup, title: str, submit: str, **more: Any) -> FormPage:
    """The page of an act on what a department owns. view: name of the URL of its own page."""
    from django.urls import reverse

    back = reverse(view, args=[row.address])
    return FormPage(title=title, section=str(row.department), submit=submit, back=back, crumbs=[(row.address, back)], **more)
