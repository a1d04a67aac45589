"""`civicmail policy`: the e-mail policy (P-18) and the mail rules (P-29)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from civicmail.city.guard.errors import Unusable
from civicmail.front.cli import actors, explain_policy, options, output, replay, rules
from civicmail.front.cli.groups import group

if TYPE_CHECKING:
    from civicmail.city.identity.models import PolicyText

app = group("The e-mail use policy: its versions, what people said to it on paper, and the rules that act on mail.")


@app.command("list")
def list_(sign_in: options.OptionalSignIn, json: options.Json = False) -> None:
    """The versions, newest first."""
    desk = actors.office("policy list", sign_in)
    from civicmail.city.guard import guard
    from civicmail.city.identity.models import PolicyText

    guard.require(desk.actor, "policy.read", now=desk.now)
    for row in PolicyText.objects.order_by("-version"):
        plain = {"version": row.version, "title": row.title, "published": row.published.isoformat(), "material": row.material}
        if json:
            output.emit(plain | {"sha256": row.sha256})
        else:
            output.show(f"{row.version:4}  {row.published:%Y-%m-%d}  {row.title}{'' if row.material else ', not material'}")


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text, UTF-8; lines with # are headings.")],
    title: Annotated[str, typer.Option("--title", help="What it is called.")],
    reason: options.Why,
    sign_in: options.OptionalSignIn,
    changed: Annotated[str, typer.Option("--changed", metavar="TEXT", help="What is new, in words; from version 2 on.")] = "",
    minor: Annotated[bool, typer.Option("--minor", help="Nobody has to accept it anew.")] = False,
) -> None:
    """Put the next version into force. Unless it is minor, everybody must accept it again."""
    desk = actors.office("policy publish", sign_in)
    from civicmail.city.identity.actions import policy

    text = options.text_of(file)
    made = policy.publish(title, text, changed=changed, material=not minor, actor=desk.actor, reason=reason, now=desk.now)
    output.show(f"Version {made.version} is in force; its SHA-256 is {made.sha256}.")


@app.command()
def paper(
    person: options.Who,
    reference: Annotated[str, typer.Option("--reference", metavar="TEXT", help="Where the paper or its scan is kept.")],
    sign_in: options.OptionalSignIn,
    version: Annotated[int, typer.Option("--version", min=0, help="Which version was signed; 0 is the newest.")] = 0,
    declined: Annotated[bool, typer.Option("--declined", help="The person did not accept.")] = False,
) -> None:
    """Record a signature on paper."""
    desk = actors.office("policy paper", sign_in)
    from civicmail.city.identity.actions import policy

    who, text = actors.named(person), _version(version)
    policy.record_paper(who, text, accepted=not declined, reference=reference, actor=desk.actor, now=desk.now)
    output.show(f"{who} {'declined' if declined else 'accepted'} version {text.version}.")


def _version(number: int) -> PolicyText:
    from civicmail.city.identity.models import PolicyText

    rows = PolicyText.objects.order_by("-version")
    row = (rows.filter(version=number) if number else rows).first()
    if row is None:
        raise Unusable(f"There is no version {number} of the policy." if number else "No policy was published yet.")
    return row


for verb in (rules.rules, rules.test, rules.diff, rules.drill, replay.replay, explain_policy.explain):
    app.command()(verb)
