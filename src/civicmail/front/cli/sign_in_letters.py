"""`civicmail access invite` and `hand-over`: the two halves of a sign-in letter (P-07; decision 0089)."""

from __future__ import annotations

from civicmail.city.guard.errors import Unusable
from civicmail.front.cli import actors, options, output


def invite(person: options.Who, reason: options.Why, sign_in: options.SignIn) -> None:
    """Print the first half of a sign-in letter; another officer hands over the second."""
    desk = actors.signed_in("access invite", sign_in, tables=True)
    from civicmail.city.identity.actions import invitations

    half = invitations.invite(actors.named(person), actor=desk.actor, reason=reason, now=desk.now)
    output.words(f"For a sealed letter: the first half of what opens the account at {desk.settings.web.pages}/accounts/welcome/,")
    output.words("for 72 hours. Somebody else hands it over and has the second: civicmail access hand-over, or on the page Home.")
    output.show(half)


def hand_over(person: options.Who, reason: options.Why, sign_in: options.OptionalSignIn) -> None:
    """Print the second half of a letter that somebody else asked for, for the person who stands here.

    Without --as the owner of the data folder does it for a first sign-in, while nobody else could.
    """
    verb = "access hand-over"
    desk = actors.signed_in(verb, sign_in, tables=True) if sign_in.as_ else actors.owned(verb, sign_in)
    from civicmail.city.identity.actions import invitations
    from civicmail.city.identity.queries import signin_letters

    who = actors.named(person)
    letter = signin_letters.waiting(desk.now).filter(account__person=who).last()
    if letter is None:
        raise Unusable(f"No letter for {who} waits to be handed over.")
    half = invitations.hand_over(letter, actor=desk.actor, reason=reason, now=desk.now)
    output.words(f"Give this with the letter to {who} alone; both halves are typed at {desk.settings.web.pages}/accounts/welcome/:")
    output.show(half)
