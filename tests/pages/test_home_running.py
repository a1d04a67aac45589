"""Home has what a person has under way: cases with their next step, and long work that can be left and found again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.conduct.models import Closure
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.models import Mandate
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.pages.states import label
from civicmail.front.web import home_running
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(whole_city: Town) -> Town:
    """With something in every state."""
    return whole_city


@pytest.mark.rule(
    "P-16, P-21", "Home lists what a person has under way, with its progress and the next step; never what others have."
)
def test_home_lists_what_is_under_way(city: Town, visit: Callable[[str], Client]) -> None:
    """Cases and long work; without the active role it leads to where one is activated."""
    now = epoch_ms(city.now) + 1000

    def running(key: str, at: int = now) -> dict[str, home_running.Running]:
        return {each.what: each for each in home_running.of_person(actor_of(city.people[key].account, "", at), at)}

    mine = running("recorder")
    look, request = mine["Examination 26-001"], mine["Records request PR-2026-00005"]
    assert look.step == ("Search", "/mandates/26-001/search/") and 0 < look.done < look.total
    assert mine["Examination 26-002"].state == label("pending"), "it waits for a second person"
    assert (request.done, request.total, request.step) == (1, 2, ("Review", "/records/requests/PR-2026-00005/review/"))
    assert {"Production 3 of PR-2026-00005", "Export 4 of examination 26-001"} <= mine.keys()
    page = visit("recorder").get("/").content.decode()
    assert 'href="/mandates/26-001/search/"' in page and 'href="/mandates/new/"' in page and '<progress class="cm-meter"' in page
    assert running("crew0") == {}
    assert {each.url for each in running("records").values()} == {"/duties/"}, "the role must be activated first"
    Mandate.objects.filter(number="26-001").update(until=city.now)
    assert "Examination 26-001" not in running("recorder") and not any("26-001" in each.url for each in running("head").values())


def test_long_work_is_found_again_until_tomorrow(city: Town) -> None:
    """Replays of the author: two under way first, then those that ended since yesterday."""
    at = epoch_ms(city.now)
    actor = actor_of(city.people["author"].account, "", at)
    states = [each.state[1] for each in home_running.of_person(actor, at) if each.state]
    assert states[:2] == ["Queued", "Running"] and {"Done", "Failed"} <= set(states)
    later = at + 2 * DAY_MS
    assert len(home_running.of_person(actor, later)) == 2


@pytest.mark.rule("P-08", "The closing of an account is long work: its page says how far it is by itself, and Home finds it again.")
def test_the_closing_of_an_account_is_found_again(city: Town, visit: Callable[[str], Client]) -> None:
    """Nobody knows how long it takes, so the bar has no number."""
    row = Closure.objects.filter(state="counting").select_related("by", "mailbox").first()
    assert row is not None
    at = epoch_ms(city.now) + 1000
    found = {each.url: each for each in home_running.of_person(actor_of(row.by.account, "", at), at)}
    mine = found[f"/access/closures/{row.pk}/"]
    assert (mine.what, mine.state, mine.total) == (f"Closing of the account {row.mailbox}", label("counting"), 0)
    page = visit(next(key for key, person in city.people.items() if person == row.by)).get(mine.url).content.decode()
    assert '<progress aria-labelledby="doing"></progress>' in page and 'hx-trigger="every 2s"' in page
