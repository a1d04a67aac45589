"""`civicmail access`: the first officer, invitations, end of access, recovery."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from civicmail.city.guard.errors import NotPermitted
from civicmail.city.identity.acts.access_requests import ASK_ACCESS, DECIDE_REQUEST, WITHDRAW_REQUEST
from civicmail.city.identity.acts.endings import CALL_OFF_ENDING
from civicmail.city.identity.acts.mailboxes import ASK_GRANT
from civicmail.city.identity.acts.rights import END_RIGHT, EXTEND_ACCESS, RESUME_ACCESS, SUSPEND_ACCESS
from civicmail.city.identity.acts.sign_ins import RELEASE_SIGN_IN
from civicmail.core.config.errors import UsageError
from civicmail.core.config.settings import Settings
from civicmail.front.cli import act_commands, actors, leavers, options, output, recovery_key, rights, sign_in_letters
from civicmail.front.cli.groups import group

app = group("Who gets in: sign-ins of people, made and ended on the command line.")
app.command("requests")(rights.requests_)
for _act in (
    ASK_ACCESS,
    ASK_GRANT,
    DECIDE_REQUEST,
    WITHDRAW_REQUEST,
    END_RIGHT,
    EXTEND_ACCESS,
    SUSPEND_ACCESS,
    RESUME_ACCESS,
    CALL_OFF_ENDING,
):
    act_commands.add(app, _act)
YEAR = 365 * 86_400_000
app.command()(sign_in_letters.invite)
app.command("hand-over")(sign_in_letters.hand_over)
app.command()(leavers.close)
app.command()(leavers.reconcile)
act_commands.add(app, RELEASE_SIGN_IN)


@app.command()
def claim(
    uid: Annotated[str, typer.Option("--uid", help="The person's number in the personnel system.")],
    given: Annotated[str, typer.Option("--given", help="Given name.")],
    family: Annotated[str, typer.Option("--family", help="Family name.")],
    department: Annotated[str, typer.Option("--department", metavar="CODE=NAME", help="Where the person works: it=City IT.")],
    reason: options.Why,
    installation: options.Installation,
    login: Annotated[str, typer.Option("--login", help="The sign-in name; else the number.")] = "",
) -> None:
    """Make the first access officer of an unclaimed installation, and print the link for the first passkey.

    From then on the owner of the data folder opens no mail any more: people do, as a role, with a reason.
    """
    desk = actors.owned("access claim", installation)
    from civicmail.city.identity.actions.claiming import FirstOfficer, claim_installation

    code, _, name = department.partition("=")
    first = FirstOfficer(uid, given, family, code.strip(), name.strip() or code.strip().title(), login)
    secret = claim_installation(first, actor=desk.actor, reason=reason, now=desk.now)
    output.words("The installation is claimed. This link sets the first passkey; it works once, for 72 hours:")
    output.show(_link(desk.settings, secret))


@app.command()
def end(
    person: options.Who,
    reason: options.Why,
    sign_in: options.SignIn,
    when: Annotated[str, typer.Option("--when", metavar="TIME", help="2026-03-01T17:00Z; else now.")] = "",
    json: options.Json = False,
) -> None:
    """End a person's access at every entry point within a second; archived mail stays."""
    desk = actors.signed_in("access end", sign_in, tables=True)
    from civicmail.city.identity.actions.access_end import end_access

    end_at = _moment(when, desk.now)
    ending = end_access(actors.named(person), reason=reason, when=end_at, actor=desk.actor, now=desk.now)
    if json:
        output.emit({"person": ending.person.uid, "when": ending.when.isoformat(), "done": ending.done is not None})
    else:
        output.show(f"{ending.person}: {'ended' if ending.done else f'ends {ending.when:%Y-%m-%d %H:%M} UTC'}.")


@app.command()
def recover(
    person: options.Who, reason: options.Why, installation: options.Installation, file: recovery_key.KeyFile = None
) -> None:
    """Make a person access officer with the recovery key, if no officer can sign in; prints a link."""
    desk = actors.owned("access recover", installation)
    key = recovery_key.read(file)
    from civicmail.city.identity.actions import invitations, roles
    from civicmail.mail.archive import keyring

    def prove() -> None:
        if not keyring.prove_recovery(desk.folder, key, now=desk.now):
            raise NotPermitted("This is not the recovery key of this installation.")

    who = actors.named(person)
    roles.recover(who, prove, until=desk.now + YEAR, actor=desk.actor, reason=reason, now=desk.now)
    secret = invitations.invite_first(who, actor=desk.actor, reason=reason, now=desk.now, recovery=True)
    output.words("This link works once, for 72 hours:")
    output.show(_link(desk.settings, secret))


@app.command()
def signs(reason: options.Why, sign_in: options.SignIn, json: options.Json = False) -> None:
    """Signs of the last day that a sign-in may be shared: many addresses at once, or many new sign-ins from one address."""
    desk = actors.signed_in("access signs", sign_in, tables=True)
    from civicmail.city.guard import guard
    from civicmail.city.guard.actions.entries import enter_alone
    from civicmail.city.identity.queries import shared_signins

    guard.require(desk.actor, "entries.see", now=desk.now)
    enter_alone("access.signs", actor=desk.actor, reason=reason, now=desk.now, facts={})
    for sign in shared_signins.signs(desk.now):
        if json:
            output.emit({"kind": sign.kind, "who": sign.who, "facts": list(sign.facts), "at": sign.at})
        else:
            output.show(f"{output.when(sign.at)}  {sign.kind:7} {sign.who}: {', '.join(sign.facts)}")


def _moment(text: str, now: int) -> int:
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text} is not a time like 2026-03-01T17:00Z.") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _link(settings: Settings, secret: str) -> str:
    return f"{settings.web.pages}/accounts/welcome/{secret}/"
