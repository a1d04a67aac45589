"""The act on a department's statement: its head signs it (P-28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Input, Text

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Statement


class Signature(Input):
    """answer: sign, or except, then with remarks: what is not in order and what will be done about it."""

    answer = Choice(
        label="Your answer", radio=True, missing="Choose one of the two answers.",
        choices=[("sign", "It is in order, and I sign it"), ("except", "I sign it, and this is not in order:")],
    )  # fmt: skip
    remarks = Text(
        label="What is not in order", help="And what you will do about it, until when.", max_length=2000, rows=5, required=False
    )


class SignStatement(Act["Statement", Signature, "Statement"]):
    """Sign a department's attestation as its head: in order, or with what is not."""

    name, permission, input = "sign_statement", "statement.sign", Signature
    operation = Operation(
        "/departments/{slug:department}/statements/{str:half}/sign", "write:conduct", page="statement"
    )  # fmt: skip
    success_message = "The statement is signed."

    def load(self, department: str, half: str, *, actor: Actor, now: int) -> Statement:
        """Load the row. Raises NotPermitted unless the actor may see the attestations of the department."""
        from django.http import Http404
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct import half_year
        from civicmail.city.conduct.models import Statement
        from civicmail.city.directory.models import Department

        where = get_object_or_404(Department, code=department)
        guard.require(actor, "statement.see", InDepartment(where.code), now=now)
        if half_year.parse(half) is None:
            raise Http404
        return get_object_or_404(Statement.objects.select_related("department", "person"), department=where, half=half)

    def resource(self, row: Statement, actor: Actor) -> Resource:
        return InDepartment(row.department.code)

    def perform(self, row: Statement, given: Signature, *, actor: Actor, now: int) -> Statement:
        from civicmail.city.conduct.actions import statements

        return statements.answer(row, given.answer, given.remarks, actor=actor, now=now)

    def after(self, done: Statement) -> str:
        from django.urls import reverse

        return reverse("statement", args=[done.department.code, done.half])


SIGN_STATEMENT = SignStatement()
