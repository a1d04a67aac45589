"""For programs that watch."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client

from civicmail.core.disk.metrics import Histogram
from civicmail.front.web import office_metrics, request_metrics, start

pytestmark = pytest.mark.django_db


def test_alive_and_ready_are_two_things(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    assert client.get("/healthz").content == b"ok\n"
    monkeypatch.setattr(start, "_prepared", False)
    assert client.get("/readyz").json() == {"ready": False, "database": True, "tables": False}
    monkeypatch.setattr(start, "_prepared", True)
    assert client.get("/readyz").json() == {"ready": True, "database": True, "tables": True}


def test_numbers_are_for_this_machine_only(installed: object) -> None:
    client = Client()
    text = client.get("/metrics").content.decode()
    for name in (
        "civicmail_web_requests_total",
        "civicmail_web_request_seconds_bucket",
        "civicmail_entries_lag_seconds 0",
        "civicmail_untold_seconds 0",
    ):
        assert name in text
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404


def test_the_histogram_counts_each_answer_in_every_bound_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_metrics, "_requests", type(request_metrics._requests)())
    monkeypatch.setattr(request_metrics, "_seconds", Histogram(request_metrics.BOUNDS))
    for seconds in (0.004, 0.04, 4.0):
        request_metrics.note("home", 200, seconds)
    values = request_metrics.values()
    assert values["civicmail_web_requests", ("home", "200")] == 3
    times = values["civicmail_web_request_seconds", ()]
    assert isinstance(times, Histogram) and sum(times.counts) == 3 and times.sum == pytest.approx(4.044)
    text = request_metrics.text({"a_gauge": ("What it is.", 1.5)})
    assert 'civicmail_web_requests_total{view="home",status="200"} 3' in text
    assert 'civicmail_web_request_seconds_bucket{le="0.01"} 1' in text
    assert 'civicmail_web_request_seconds_bucket{le="0.05"} 2' in text
    assert 'civicmail_web_request_seconds_bucket{le="2.5"} 2' in text
    assert 'civicmail_web_request_seconds_bucket{le="+Inf"} 3' in text
    assert "civicmail_web_request_seconds_sum 4.044" in text
    assert text.endswith("# HELP a_gauge What it is.\n# TYPE a_gauge gauge\na_gauge 1.5\n")


def test_numbers_of_the_office_are_counts_and_ages_and_a_database_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    values = office_metrics.values(1_800_000_000_000)
    assert values == {
        ("civicmail_database_up", ()): 1,
        ("civicmail_entries_lag_seconds", ()): 0,
        ("civicmail_changes_lag_seconds", ()): 0,
        ("civicmail_approvals_waiting", ()): 0,
        ("civicmail_approvals_oldest_age_seconds", ()): 0,
    }

    def away(now: int) -> int:
        raise OperationalError

    monkeypatch.setattr(office_metrics, "lag_ms", away)
    assert office_metrics.values(0) == {("civicmail_database_up", ()): 0}
