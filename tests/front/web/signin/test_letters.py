"""Nobody signs in as another by what the office's screens show: the attacks, over HTTP, from outside (P-07, promise 4)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Account, Entry, Invitation
from civicmail.city.identity.actions import invitations
from civicmail.city.identity.models import Device, RoleActivation, Token
from civicmail.city.notices.models import Notice
from civicmail.core.config.settings import Oidc, Signin
from civicmail.front.web.signin.step_up import AT
from pages.world import Town

Visit = Callable[[str], Client]
BECAUSE = "She came to the counter with her card, and it is her."
PASSWORD = "a quiet harbor with nine lamps"


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _shown(page: Any) -> list[str]:
    """Everything on a screen that could be a secret of ours."""
    return re.findall(r"(?:[0-9a-hjkmnp-tv-z]{4}-){3,}[0-9a-hjkmnp-tv-z]{4}", page.content.decode())


def _who_am_i(browser: Client) -> str:
    return Account.objects.get(pk=browser.session["_auth_user_id"]).person.uid if "_auth_user_id" in browser.session else ""


def _opened_by(secrets: list[str]) -> str:
    """Whoever this stranger becomes who tries all of it, as a link and as halves."""
    stranger = Client(HTTP_HOST="testserver", REMOTE_ADDR="198.51.100.66")
    for secret in secrets:
        stranger.get(f"/accounts/welcome/{secret}/")
        stranger.post("/accounts/welcome/", {"password": PASSWORD, "again": PASSWORD})
    for first, second in permutations([*secrets, "0000-0000-0000-0000", ""], 2):
        stranger.post("/accounts/welcome/", {"first": first, "second": second})
        stranger.post("/accounts/welcome/", {"password": PASSWORD, "again": PASSWORD})
    return _who_am_i(stranger)


def _letter(visit: Visit, who: str, uid: str, kind: str = "invite") -> tuple[list[str], Invitation]:
    shown = _shown(visit(who).post(f"/access/people/{uid}/{kind}/", {"reason": BECAUSE}))
    return shown, Invitation.objects.latest("pk")


@pytest.mark.rule(
    "P-07, promise 4",
    "The requester's screen of a sign-in letter opens no account, and the requester does not hand it over.",
)
def test_a_head_does_not_become_an_employee(city: Town, visit: Visit) -> None:
    """What the head's screen shows opens nothing, and the head does not hand over what the head asked for."""
    secrets, letter = _letter(visit, "head", "p-crew0")
    assert secrets, "the first half is shown"
    secrets += _shown(visit("head").post(f"/access/sign-in-letters/{letter.pk}/", {"reason": BECAUSE}))
    assert _opened_by(secrets) == ""
    assert visit("head").get(f"/access/sign-in-letters/{letter.pk}/").status_code == 403


@pytest.mark.rule("P-07, promise 4", "A recovery takes two officers, also on the command line.")
def test_an_access_officer_alone_recovers_nobody(city: Town, visit: Visit) -> None:
    """Neither examiner nor approver, by page or by the command line of the owner."""
    for victim in ("examiner", "approver"):
        uid = city.people[victim].uid
        secrets, letter = _letter(visit, "office", uid, "recover")
        secrets += _shown(visit("office").post(f"/access/sign-in-letters/{letter.pk}/", {"reason": BECAUSE}))
        assert _opened_by(secrets) == "", victim
        with pytest.raises(NotPermitted, match="two officers"):
            invitations.hand_over(letter, actor=machine("os:root"), reason=BECAUSE, now=epoch_ms(city.now))


def test_two_halves_by_two_people_open_the_account_once(city: Town, visit: Visit) -> None:
    """Whoever was seen sets the sign-in; the halves are in the record of nobody, who did it is."""
    (first,), letter = _letter(visit, "office", "p-crew0")
    head = visit("head")
    assert "Hand over sign-in letters" in head.get("/").content.decode()
    assert f"/access/sign-in-letters/{letter.pk}/" in head.get("/access/sign-in-letters/").content.decode()
    (second,) = _shown(head.post(f"/access/sign-in-letters/{letter.pk}/", {"reason": BECAUSE}))
    assert head.post(f"/access/sign-in-letters/{letter.pk}/", {"reason": BECAUSE}).status_code == 404, "once"
    kim = Client(HTTP_HOST="testserver")
    assert kim.post("/accounts/welcome/", {"first": second, "second": first}).status_code == 422
    typed = {"first": first.upper().replace("-", " "), "second": f" {second}"}
    assert kim.post("/accounts/welcome/", typed)["Location"] == reverse("welcome")
    assert kim.post("/accounts/welcome/", {"password": PASSWORD, "again": PASSWORD})["Location"] == "/"
    assert _who_am_i(kim) == "p-crew0" and _opened_by([first, second]) == ""
    acts = Entry.objects.filter(object="person:p-crew0", act__startswith="account.").order_by("id")
    assert [(e.act, e.person) for e in acts] == [
        ("account.invite", "p-office"), ("account.hand-over", "p-head"), ("account.set", "p-crew0"),
    ]  # fmt: skip
    assert acts[1].facts["by"] == "p-office" and acts[2].facts["handed_by"] == "p-head"
    assert not any(half in str(e.facts) for e in acts for half in (first, second))
    assert visit("office").post("/access/people/p-crew0/invite/", {"reason": BECAUSE}).status_code == 409, "has signed in"


@pytest.mark.rule(
    "P-07",
    "A recovery ends sessions, device passwords, tokens and activated roles; the person is notified of each step at every "
    "known address.",
)
def test_a_recovery_ends_everything_and_the_person_hears_of_each_step(city: Town, visit: Visit) -> None:
    """Sessions, device passwords, tokens, roles activated; every address known, former ones too; Home for 30 days."""
    who = city.people["approver"]
    city.grant("head", "access-officer", taken=True)
    who.outside, who.phone = "ex@home.example", "555-0101"
    who.save()
    who.outside = "new@home.example"
    who.save()
    there = visit("approver")
    assert there.get("/").status_code == 200
    at = {"made": city.now, "person": who}
    Device.objects.create(key="d1", name="phone", mac="0" * 64, **at)
    Token.objects.create(mac="e" * 64, until=city.now.replace(year=city.now.year + 1), **at)
    assert RoleActivation.objects.filter(grant__person=who, laid_down__isnull=True).exists()
    asked = visit("office").get(f"/access/people/{who.uid}/recover/").content.decode()
    assert "555-0101" in asked
    (first,), letter = _letter(visit, "office", who.uid, "recover")
    assert "555-0101" in visit("head").get(f"/access/sign-in-letters/{letter.pk}/").content.decode()
    (second,) = _shown(visit("head").post(f"/access/sign-in-letters/{letter.pk}/", {"reason": BECAUSE}))
    kim = Client(HTTP_HOST="testserver")
    kim.post("/accounts/welcome/", {"first": first, "second": second})
    assert kim.post("/accounts/welcome/", {"password": PASSWORD, "again": PASSWORD})["Location"] == "/"
    assert there.get("/")["Location"].startswith("/accounts/login/"), "the session of before has ended"
    for kind in (Device, Token):
        assert not kind.objects.filter(person=who, ended__isnull=True).exists()
    assert not RoleActivation.objects.filter(grant__person=who, laid_down__isnull=True).exists()
    told = Notice.objects.filter(key__startswith=f"recovery:{letter.pk}:")
    assert set(told.values_list("to", flat=True)) >= {"ex@home.example", "new@home.example"}
    assert {key.split(":")[2] for key in told.values_list("key", flat=True)} == {"asked", "handed", "used"}
    assert kim.get("/")["Location"] == "/accounts/2fa/second/", "a second factor comes first"
    Authenticator.objects.create(user=who.account, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}})
    assert "made a new sign-in for you" in kim.get("/").content.decode()
    assert "Handed over by" in kim.get("/my/sign-in/").content.decode()
    Invitation.objects.filter(pk=letter.pk).update(made=city.now.replace(year=city.now.year - 1))
    assert "made a new sign-in for you" not in kim.get("/").content.decode()


def test_officers_hear_of_the_recovery_key(city: Town) -> None:
    """Whoever has it gets in past all of them, and not unnoticed."""
    who = city.people["crew0"]
    invitations.invite_first(who, actor=machine("os:root"), reason="locked out", now=epoch_ms(city.now), recovery=True)
    told = set(Notice.objects.values_list("to", "subject"))
    assert ("maya.lund@city.example", "The recovery key was used") in told
    assert (who.account.person.mailboxes.get().address, "A new sign-in for your account") in told


@pytest.mark.rule("P-07", "If an identity provider signs people in, no letter opens an account.")
def test_no_letter_opens_an_account_where_a_provider_signs_people_in(city: Town, visit: Visit, settings: Any) -> None:
    """Past the provider's second factor there is no way."""
    oidc = Oidc(id="city", name="City account", issuer="https://id.example")
    settings.CITY = dataclasses.replace(settings.CITY, signin=Signin(oidc=[oidc]))
    for kind in ("invite", "recover"):
        answer = visit("office").post(f"/access/people/p-crew0/{kind}/", {"reason": BECAUSE})
        assert answer.status_code == 409 and "City account" in answer.content.decode(), kind
    assert Invitation.objects.count() == 1, "the town's own"


@pytest.mark.rule("P-07", "A person who has signed in once is not invited again.")
def test_whoever_has_signed_in_once_is_not_invited_again(city: Town, visit: Visit) -> None:
    """By a provider, too: then there is no local password, and never was."""
    Account.objects.filter(person__uid="p-crew0").update(last_login=city.now)
    assert visit("head").post("/access/people/p-crew0/invite/", {"reason": BECAUSE}).status_code == 409


@pytest.mark.rule("P-16, D4", "The access office is a privileged role: activated for some hours, with a reason.")
def test_the_access_office_is_taken_up_first(city: Town, visit: Visit) -> None:
    """Until then an access officer grants, invites and recovers nothing, and reads no list of people."""
    RoleActivation.objects.filter(grant__role="access-officer").update(laid_down=city.now)
    office = visit("office")
    assert "Activate the role of the access office" in office.get("/").content.decode()
    for path in ("duties/grant", "people/p-crew0/invite", "people/p-crew0/recover", "feeds/new"):
        answer = office.post(f"/access/{path}/", {"reason": BECAUSE})
        assert answer.status_code == 403 and "Activate the role" in answer.content.decode(), path


@pytest.mark.rule("P-07", "A grant of a role, a sign-in letter and a recovery need a fresh proof of who one is.")
def test_grants_letters_and_recoveries_want_a_fresh_proof(city: Town, visit: Visit) -> None:
    """A session that somebody left open does none of it."""
    office = visit("office")
    session = office.session
    session[AT] = epoch_ms(city.now) - 400_000
    session.save()
    letter = city.objects["letter"]
    paths = ("duties/grant", "people/p-crew0/invite", "people/p-crew0/recover", f"sign-in-letters/{letter}")
    for path in paths:
        answer = office.post(f"/access/{path}/", {"reason": BECAUSE})
        assert answer.status_code == 302 and "/accounts/" in answer["Location"], path


@pytest.mark.rule("P-07", "The owner of the data folder hands over first letters only, and only while no other person could.")
def test_the_owner_hands_over_first_letters_alone(city: Town, visit: Visit) -> None:
    """While nobody else who could has ever signed in."""
    _, letter = _letter(visit, "office", "p-crew0")
    shown = visit("office").post("/access/people/p-crew0/invite/", {"reason": BECAUSE}).content.decode()
    assert "civicmail access hand-over p-crew0" in shown
    letter = Invitation.objects.latest("pk")
    assert invitations.hand_over(letter, actor=machine("os:root"), reason=BECAUSE, now=epoch_ms(city.now))
    assert Entry.objects.get(act="account.hand-over").person == "os:root"
    Account.objects.filter(person=city.people["head"]).update(last_login=city.now)
    _, another = _letter(visit, "office", "p-crew7")
    with pytest.raises(NotPermitted, match="can hand this letter over"):
        invitations.hand_over(another, actor=machine("os:root"), reason=BECAUSE, now=epoch_ms(city.now))
