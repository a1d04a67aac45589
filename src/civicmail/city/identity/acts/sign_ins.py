"""Releasing a sign-in that is held up (P-07, AC-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.pages.act import Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because

if TYPE_CHECKING:
    from civicmail.city.guard.models import Account


class ReleaseSignIn(PersonAct["Account", Because, "Account"]):
    """Release a sign-in that is locked, or for which people wait after wrong passwords; its access is unchanged."""

    name, permission, input = "release_locked", "account.unlock", Because
    page = Page("access/unlocks/<int:pk>/", "unlock")
    operation = Operation("/locked/{int:id}/release", "write:access")
    command = Command(
        "access unlock", personal=True, tables=True,
        row={"person": Parameter("PERSON", "The number in the directory, or the sign-in name.")},
    )  # fmt: skip

    model = "access.Account"
    related = ("person",)

    def find(self, person: str, *, actor: Actor, now: int) -> Account:
        from civicmail.city.guard.models import Account
        from civicmail.city.identity.queries.signin import find_person

        somebody = require_row(find_person(person), f"The directory has nobody who is {person}.")
        return require_row(Account.objects.select_related("person").filter(person=somebody).first(), f"{somebody} has no sign-in.")

    def perform(self, row: Account, given: Because, *, actor: Actor, now: int) -> Account:
        from civicmail.city.identity.actions import signin

        signin.unlock(row, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row

    def message(self, row: Account, done: Account) -> str:
        return f"{row.person} can sign in again."

    def form_page(self, row: Account) -> FormPage:
        from django.urls import reverse

        back = reverse("unlocks")
        return FormPage(
            title=f"Release the sign-in of {row.person}?", section="Access office", crumbs=[("Throttled sign-ins", back)],
            submit="Release 1 sign-in", back=back,
            effects=[
                f"{row.person} can try a password again, from anywhere; so can whoever typed the wrong ones.",
                "Passwords and passkeys stay.",
            ],
        )  # fmt: skip


RELEASE_SIGN_IN = ReleaseSignIn()
