"""Tokens of the API: what a person says that a program may do, and nothing more; they end with everything else (P-07, L2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from city.identity.signins import NOW, account, actor, person
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity import token_scopes
from civicmail.city.identity.actions import tokens
from civicmail.city.identity.models import Token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


def _made(**more: object) -> str:
    ines = Account.objects.filter(username="ines").first() or account()
    said: dict[str, object] = {"days": 365, "actor": actor(ines.person), "now": NOW} | more
    return tokens.make_for_program(ines.person, "reports", ["read:people", "read:me"], **said)  # type: ignore[arg-type]


@pytest.mark.rule(
    "P-07",
    "A token of the API is stored as a keyed digest with a name, scopes and an end within a year; its entry does not "
    "contain the token.",
)
def test_a_token_of_the_api_is_kept_as_a_digest_with_its_scopes_and_an_end(installed: Path) -> None:
    """Shown once; who has the database or the entry has no token."""
    text = _made()
    row = Token.objects.get()
    assert row.scopes == ["read:me", "read:people"] and row.name == "reports"
    assert tokens.program_by(text, now=NOW) == (row, Account.objects.get())
    entry = Entry.objects.get(act="token.make")
    assert entry.facts == {"until": NOW + 365 * tokens.DAY, "name": "reports", "scopes": ["read:me", "read:people"]}
    assert text.removeprefix("cmt-") not in f"{row.mac}{bytes(entry.head).decode()}{Token.objects.values().get()}"
    assert tokens.program_by(text, now=NOW + 365 * tokens.DAY) is None


@pytest.mark.rule("P-08", "Ending all sessions of an account ends its tokens at their next use.")
def test_a_token_ends_with_the_epoch_of_its_account() -> None:
    """What ends every session ends tokens at their next use, whatever else happens to their rows (L2)."""
    text = _made()
    Account.objects.update(epoch=2)
    assert tokens.program_by(text, now=NOW) is None
    fresh = _made()
    assert tokens.program_by(fresh, now=NOW) is not None
    for change in ({"locked": tokens.from_ms(NOW)}, {"locked": None, "is_active": False}):
        Account.objects.update(**change)
        assert tokens.program_by(fresh, now=NOW) is None


@pytest.mark.rule("P-07, P-16", "A token with scopes is refused on the command line, and a command-line token by every operation.")
def test_a_token_of_the_api_is_none_of_the_command_line_and_the_other_way_round() -> None:
    """The command line knows no scopes, so what has some opens nothing there."""
    text = _made()
    with pytest.raises(NotPermitted, match="not good"):
        tokens.account_by(text, "ines", now=NOW)
    ines = Account.objects.get()
    plain = tokens.make(ines.person, days=1, actor=actor(ines.person), now=NOW)
    assert tokens.program_by(plain, now=NOW) is None
    tokens.end(Token.objects.get(scopes=[]), actor=actor(ines.person), now=NOW)
    with pytest.raises(NotPermitted, match="not good"):
        tokens.account_by(plain, "ines", now=NOW)


@pytest.mark.parametrize(
    ("name", "wanted", "days", "field"),
    [(" ", ["read:me"], 7, "name"), ("x", [], 7, "scopes"), ("x", ["read:all"], 7, "scopes"), ("x", ["read:me"], 366, "days")],
)
def test_a_token_without_a_name_scopes_or_an_end_within_a_year_is_not_made(
    name: str, wanted: list[str], days: int, field: str
) -> None:
    ines = account()
    with pytest.raises(Unusable) as wrong:
        tokens.make_for_program(ines.person, name, wanted, days=days, actor=actor(ines.person), now=NOW)
    assert list(wrong.value.fields) == [field] and not Token.objects.exists()


def test_nobody_makes_a_token_for_somebody_else_and_nobody_has_more_than_twenty() -> None:
    ines = account()
    with pytest.raises(NotPermitted):
        _made(actor=actor(person("e-18", "Otto Other")))
    for _ in range(tokens.MAX_TOKENS):
        _made()
    with pytest.raises(Conflict, match="end one"):
        _made()
    assert tokens.program_by(_made(now=NOW + 366 * tokens.DAY), now=NOW + 366 * tokens.DAY) is not None, (
        "what is over counts no more"
    )
    assert ines.person.tokens.count() == tokens.MAX_TOKENS + 1


def test_a_use_is_noted_once_a_minute_so_that_reading_does_not_write() -> None:
    text = _made()
    for at in (NOW, NOW + 59_999):
        tokens.program_by(text, now=at)
        assert Token.objects.get().used == tokens.from_ms(NOW)
    tokens.program_by(text, now=NOW + 60_000)
    assert Token.objects.get().used == tokens.from_ms(NOW + 60_000)


def test_every_scope_says_in_words_what_it_is_for_and_which_change_something() -> None:
    for name, scope in token_scopes.SCOPES.items():
        way, _, what = name.partition(":")
        assert way in ("read", "write") and what
        assert scope.needs_fresh_sign_in == (way == "write" or name in ("read:content", "read:files", "read:incidents")), name
