"""What deploy/systemd ships runs as it is shipped: systemd starts every unit under its own restrictions, and the city works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pages.conftest import browser_type_launch_args as browser_type_launch_args
from stories.test_watched import read
from stories.unitcity import PROCESSES, UnitCity, day, unit_city

pytestmark = [
    pytest.mark.neighbour("systemctl", "unshare", "nsenter", "namespaces", "dovecot", "chromium", "root"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitCity]:
    with unit_city(tmp_path_factory.mktemp("units")) as made:
        yield made


def test_the_units_run_a_city(city: UnitCity, browser: Any) -> None:
    """Each process says itself that it serves (Type=notify); then people sign in, write, read, lose access; a message is
    taken back; a program is told."""
    on = city.machine
    on.run("systemctl", "start", *PROCESSES)  # returns when each has said READY=1
    for unit in PROCESSES:
        shown = on.shown(unit, "ActiveState", "SubState", "User", "WatchdogUSec")
        assert shown == {
            "ActiveState": "active",
            "SubState": "running",
            "User": "civicmail",
            "WatchdogUSec": "1min",
        }
    day(city, browser)


def test_who_ends_is_started_again_and_operators_hear_of_it(city: UnitCity) -> None:
    """By mail, through the smart host."""
    on = city.machine
    before = on.shown("civicmail-courier.service", "MainPID")["MainPID"]
    on.run("systemctl", "kill", "--signal=KILL", "civicmail-courier.service")
    city.until(lambda: on.shown("civicmail-courier.service", "MainPID")["MainPID"] not in (before, "0"))
    city.until(lambda: any(b"Subject: civicmail-courier.service failed on" in one.content for one in city.world.taken))
    on.run("systemctl", "start", "civicmail-courier.service")
    assert on.shown("civicmail-courier.service", "ActiveState")["ActiveState"] == "active"


def test_metrics_are_read_under_the_restrictions_of_their_unit(city: UnitCity) -> None:
    """Numbers of every process, what the database says, and what doctor finds."""
    city.machine.run("systemctl", "start", "civicmail-metrics.service")  # returns when it has said READY=1

    def numbers() -> str:
        return read(city.metrics, "/metrics")[2]

    city.until(lambda: "civicmail_database_up 1" in numbers() and 'civicmail_check_problems{check="certificates"} 1' in numbers())
    seen = numbers()
    assert 'civicmail_messages_accepted_total{listener="mx"} ' in seen and "civicmail_search_delay_seconds_count " in seen
    assert all(
        f'civicmail_heartbeat_timestamp_seconds{{process="{name}"}} ' in seen for name in ("city", "courier", "mail", "search")
    )
    assert read(city.metrics, "/health")[0] == 503


def test_the_check_up_of_the_timer_finds_readers_held_back_and_everybody_at_work(city: UnitCity) -> None:
    """Under the restrictions of its unit; a certificate of the test has two days left, and that is its only problem."""
    on = city.machine
    on.run("systemctl", "start", "civicmail-metrics.service")  # returns when it has said READY=1
    on.run("systemctl", "start", "civicmail-verify.service")
    on.run("systemctl", "start", "civicmail-doctor.service", check=False)
    said = on.journal("--unit=civicmail-doctor.service", "--output=cat")
    assert {line.split(":")[0] for line in said.splitlines() if line.startswith("PROBLEM")} == {"PROBLEM    certificates"}, said
    city.until(lambda: any(b"Subject: civicmail-doctor.service failed on" in one.content for one in city.world.taken))
    held = on.run("sh", "-c", "grep -h CapEff $(pgrep -u civicmail | sed 's,.*,/proc/&/status,') | sort -u; true")
    assert held.split() == ["CapEff:", "0" * 16, "CapEff:", f"{1 << 10:016x}"], "the gateway alone may listen below port 1024"
