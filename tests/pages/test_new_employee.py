"""A new employee gets mail, played in Chromium by everybody with a part in it; clicks are counted per person (docs/use/pages.md).

Typing is no click. The two officers of the sign-in letter are counted apart: where an identity provider signs people
in, there is no letter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from civicmail.city.directory.models import Episode
from civicmail.city.guard.models import Invitation
from civicmail.city.identity.models import Acknowledgement, Authorization, Profile
from pages.looks import looked_at
from pages.passkeys import Authenticator
from pages.shots import shot
from pages.world import REASONS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.neighbour("chromium")]
SEEN = "She came to the counter with her card, and it is her."


class Counted:
    """One person at a browser. clicks: on links and buttons."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks = page, 0

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def heading(self) -> str:
        return str(self.page.locator("h1").inner_text())

    def half(self) -> str:
        """The half of a letter that the page shows."""
        return next(word for word in self.page.inner_text("main").split() if word.count("-") == 3 and len(word) == 19)


@pytest.fixture
def at(browse: Callable[..., Any]) -> Callable[..., Counted]:
    return lambda key, path="/", **how: Counted(browse(key, path, **how))


@pytest.fixture
def supervisor(at: Callable[..., Counted]) -> Counted:
    """On Home; one person of the crew, Kai Lindqvist, is without mail, and nothing else was asked for."""
    one = at("super", "/duties/")
    town = one.page.town
    Episode.objects.filter(supervisor=town.people["super"]).exclude(person=town.people["crew6"]).update(supervisor=None)
    Authorization.objects.filter(state="asked").update(state="withdrawn")
    Invitation.objects.update(ended=town.now)
    one.page.goto(one.page.url.replace("/duties/", "/"))
    return one


def handed_over(at: Callable[..., Counted], head: Counted) -> tuple[Counted, tuple[str, str]]:
    """The deputy, and both halves of the letter that the head makes on the page that opens after the approval."""
    assert head.heading() == "Make a sign-in letter for Kai Lindqvist?"
    head.press("Make 1 letter")
    first, deputy = head.half(), at("deputy")
    deputy.press("Hand over sign-in letters", "link")
    deputy.page.fill("[name=reason]", SEEN)
    deputy.press("Show the second half")
    return deputy, (first, deputy.half())


@pytest.mark.rule("P-04", "A new employee has mail after two clicks of the supervisor, of the department's head, and of their own.")
def test_a_new_employee_reads_mail_after_six_clicks(at: Callable[..., Counted], supervisor: Counted) -> None:
    supervisor.press("Ask for mail access", "link")
    assert supervisor.heading() == "Request mail access for Kai Lindqvist?"
    assert supervisor.page.input_value("[name=duties]") == REASONS["duties"]
    assert "the reasons that you gave for" in supervisor.page.inner_text("main")
    shot(supervisor.page, "new-employee-request")
    assert looked_at(supervisor.page) == []
    supervisor.press("Send for approval")
    assert supervisor.clicks == 2

    head = at("head")
    head.press("Answer requests for access", "link")
    assert head.heading() == "Approve mail access for Kai Lindqvist?"
    shot(head.page, "new-employee-decision")
    assert looked_at(head.page) == []
    head.press("Approve access")
    assert head.clicks == 2
    deputy, (first, second) = handed_over(at, head)
    assert (head.clicks, deputy.clicks) == (3, 2)

    kai = at("", "/accounts/welcome/")
    Authenticator(kai.page)
    kai.page.fill("[name=first]", first)
    kai.page.fill("[name=second]", second)
    kai.press("Continue")
    assert "The city keeps every message" in kai.page.inner_text("main"), "the policy is read where it is accepted"
    assert not Acknowledgement.objects.filter(person=kai.page.town.people["crew6"]).exists()
    shot(kai.page, "new-employee-welcome")
    assert looked_at(kai.page) == []
    kai.press("Accept the policy and set a passkey")
    kai.page.wait_for_url("**/mail/")
    assert kai.clicks == 2
    answer = Acknowledgement.objects.get(person=kai.page.town.people["crew6"])
    assert (answer.accepted, answer.shown, answer.how) == (True, kai.page.town.policy.sha256, "page")


@pytest.mark.rule("P-18", "A person may set a sign-in without accepting the policy; no mail is shown until they accept.")
def test_a_passkey_alone_accepts_nothing(at: Callable[..., Counted], supervisor: Counted) -> None:
    supervisor.press("Ask for mail access", "link")
    supervisor.press("Send for approval")
    head = at("head")
    head.press("Answer requests for access", "link")
    head.press("Approve access")
    _, (first, second) = handed_over(at, head)
    kai = at("", "/accounts/welcome/", width=320)
    Authenticator(kai.page)
    kai.page.fill("[name=first]", first)
    kai.page.fill("[name=second]", second)
    kai.press("Continue")
    assert looked_at(kai.page) == []
    kai.press("Only set a passkey")
    kai.page.locator(".cm-me").wait_for()
    assert not Acknowledgement.objects.filter(person=kai.page.town.people["crew6"]).exists()
    kai.page.goto(kai.page.url.split("/acknowledge")[0].rstrip("/") + "/mail/")
    assert "Accept the e-mail policy?" in kai.page.inner_text("main"), "nothing else opens"


def test_somebody_who_is_in_no_personnel_list_is_added_and_asked_for(at: Callable[..., Counted]) -> None:
    """By the head, who then does not decide: the request opens by itself, with the reasons of the position."""
    head = at("head", "/dept/public-works/people/")
    town = head.page.town
    Authorization.objects.filter(state="asked").update(state="withdrawn")
    Profile.objects.create(
        department=town.departments["public-works"], position="Crew Clerk", by=town.people["deputy"], at=town.now, **REASONS
    )
    head.press("Add a person", "link")
    typed = {
        "uid": "p-new", "given": "Bola", "family": "Adeyemi", "display": "Bola Adeyemi", "position": "Crew Clerk",
        "reason": "Hired for the winter service by decision 26-20.",
    }  # fmt: skip
    for name, value in typed.items():
        head.page.fill(f"[name={name}]", value)
    head.page.select_option("[name=kind]", "employee")
    head.press("Add 1 person")
    assert head.heading() == "Request mail access for Bola Adeyemi?"
    assert "for the position Crew Clerk, version 1, by Kim Boyd" in head.page.inner_text("main")
    head.press("Send for approval")
    assert head.clicks == 3
    deputy = at("deputy")
    deputy.press("Answer requests for access", "link")
    deputy.press("Approve access")
    assert Authorization.objects.get(person__uid="p-new").state == "active"


def test_a_request_of_a_contractor_ends_with_the_contract(at: Callable[..., Counted]) -> None:
    """The day that is filled in is one that can be sent."""
    one = at("super", "/duties/")
    town = one.page.town
    episode = town.people["crew6"].episodes.get()
    episode.kind, episode.contract = "contractor", town.people["crew2"].episodes.get().contract
    episode.save()
    one.page.goto(one.page.url.replace("/duties/", "/access/requests/new/?person=p-crew6"))
    assert one.page.input_value("[name=until]") == (town.now.date() + timedelta(days=60)).isoformat()
    one.press("Send for approval")
    assert "was sent to" in one.page.inner_text("main")
