"""`civicmail violation`: violation cases, and the record that ends an agency person's access (P-09, P-30). Prints no text of
reports or messages."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.city.conduct.acts.violations import RECORD_VIOLATION
from civicmail.city.guard.errors import Unusable
from civicmail.front.cli import act_commands, actors, options, output
from civicmail.front.cli.groups import group

app = group("Violations of the policy: which there are, and ending access of an agency's person.")
act_commands.add(app, RECORD_VIOLATION)


@app.command("list")
def list_(
    sign_in: options.SignIn,
    every: Annotated[bool, typer.Option("--all", help="Also those in which nobody has to do anything.")] = False,
    json: options.Json = False,
) -> None:
    """List cases with number, person, rule and state."""
    desk = actors.signed_in("violation list", sign_in)
    from civicmail.city.conduct.models import Violation
    from civicmail.city.conduct.violation_states import OPEN, WORDS
    from civicmail.city.guard import guard

    guard.require(desk.actor, "violations.see", now=desk.now)
    rows = Violation.objects.select_related("person", "department").order_by("pk")
    for row in rows if every else rows.filter(state__in=OPEN):
        uid, where = row.person.uid if row.person else "", row.department.code if row.department else ""
        if json:
            plain = {"number": row.pk, "person": uid, "department": where, "rule": row.clause, "state": row.state}
            output.emit({**plain, "reported": row.made.isoformat(), "outcome": row.outcome})
        else:
            output.show(f"{row.pk:5} {row.clause or '-':5} {uid or 'to be named':16} {where:16} {WORDS[row.state][1]}")


@app.command()
def show(number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number of a case.")], sign_in: options.SignIn) -> None:
    """Show a case as JSON: steps, people, times, and whether it is in force at every entry point."""
    desk = actors.signed_in("violation show", sign_in)
    from civicmail.city.conduct.models import Violation
    from civicmail.city.conduct.queries import consequence_check, violation_parties
    from civicmail.city.guard import guard
    from civicmail.city.guard.resources import CITY

    rows = Violation.objects.select_related("person", "department", "finder", "decider", "second", "hearer")
    row = rows.filter(pk=number).first()
    guard.require(desk.actor, "violation.see", violation_parties.about_violation(row) if row else CITY, now=desk.now)
    if row is None:
        raise Unusable(f"There is no violation {number}.", {"number": "No such case."})
    people = {k: p.uid for k in ("person", "finder", "decider", "second", "hearer") if (p := getattr(row, k)) is not None}
    times = {k: at.isoformat() for k in ("made", "found", "decided", "until", "appealed", "heard") if (at := getattr(row, k))}
    plain = {"number": row.pk, "rule": row.clause, "state": row.state, "outcome": row.outcome, **people, **times}
    evidence = list(row.evidence.values_list("capture", flat=True))
    output.emit({**plain, "evidence": evidence, "verified": consequence_check.of(row, desk.now)[1]})
