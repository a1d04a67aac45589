"""The demo's records desk has requests at work, under the law of Wisconsin."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.guard.epoch import from_ms
from civicmail.city.law import adopted
from civicmail.core.config.clock import now_ms
from civicmail.desk.records.actions import holds
from civicmail.desk.records.models import Search
from civicmail.desk.records.queries.clock import clock_of
from civicmail.desk.records.queries.law import local_day, pack_of
from civicmail.front.sample.people import DEMO
from civicmail.front.sample.record_requests import ask
from civicmail.front.sample.staff import populate


@pytest.mark.django_db(transaction=True)
def test_the_demos_records_desk_has_requests_in_several_states(installed: Path) -> None:
    now = now_ms()
    city = populate(now, DEMO)
    made = ask(installed, city, now)
    for row in made:
        row.refresh_from_db()
    assert [row.state for row in made] == ["review", "new", "new", "new", "done"]
    assert adopted.in_force(installed, local_day(from_ms(now))).name == "wisconsin"
    lights, permits, paving, spanish, minutes = made
    assert Search.objects.get(scope__request=lights).state == "waiting"
    assert lights.scopes.get().state == "agreed" and holds.current(lights).count() == 1
    assert permits.pauses.get().ended is None and paving.oral and spanish.letters.get().language == "es"
    assert clock_of(lights, pack_of(lights), local_day(from_ms(now))).account.elapsed > 4
    assert minutes.outcome == "none"
