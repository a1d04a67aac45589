"""What becomes due by year, and what a file of schedules changes (P-23)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from civicmail.city.law.due_forecast import YEARS, forecast, last_of
from civicmail.city.law.errors import BadSchedule
from civicmail.city.law.schedule_changes import changes
from civicmail.city.law.schedules import parse
from house.sources import ROOT

TEXT = (ROOT / "src/civicmail/city/law/schedules.toml").read_text()
MONTHS = {
    "2019-11": {"mail": 5, "executive": 1},
    "2019-12": {"mail": 7},
    "2020-06": {"mail": 11, "novel": 2},
    "2026-11": {"mail": 13, "quarantine": 3},
}


def ms(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.rule("P-23", "The forecast counts each class in the year in which its period ends, and says what stays and why.")
def test_the_forecast_is_by_class_and_year() -> None:
    by_class = {row.class_: row for row in forecast(MONTHS, parse(TEXT), ms(2026, 12, 3))}
    mail = by_class["mail"]
    assert (mail.total, mail.due, mail.years[:2], mail.years[7], mail.later) == (36, 5, (7, 11), 13, 0)
    assert mail.at_once == 5 and len(mail.years) == YEARS and mail.lapsed == 0
    assert (by_class["executive"].stays, by_class["novel"].stays) == ("permanent", "no schedule")
    assert by_class["quarantine"].years[:2] == (0, 3)
    expired = TEXT.replace("expires = 2036-01-14", "expires = 2026-12-01")
    mail = next(row for row in forecast(MONTHS, parse(expired), ms(2026, 12, 3)) if row.class_ == "mail")
    assert (mail.stays, mail.at_once, mail.lapsed) == ("expired", 0, 36), "an expired schedule disposes of nothing"
    soon = TEXT.replace("expires = 2036-01-14", "expires = 2027-01-31")
    mail = next(row for row in forecast(MONTHS, parse(soon), ms(2026, 12, 3)) if row.class_ == "mail")
    assert (mail.stays, mail.at_once, mail.lapsed) == ("", 5, 24)
    assert forecast(MONTHS, None, ms(2026, 12, 3))[0].stays == "no schedule" and forecast({}, parse(TEXT), 0) == []


def test_a_month_ends_with_its_last_moment() -> None:
    assert last_of("2026-12") == ms(2027, 1, 1) - 1 and last_of("2024-02") == ms(2024, 3, 1) - 1


@pytest.mark.rule("P-23", "The end of a period is known backward, too: what was received before which time is over.")
def test_what_was_received_before_which_time_is_over() -> None:
    by_class = parse(TEXT).by_class
    now = ms(2026, 12, 3)
    for class_ in ("mail", "quarantine"):
        before = by_class[class_].over_before(now)
        assert by_class[class_].due(before - 1) <= now < by_class[class_].due(before), class_
    assert by_class["executive"].over_before(now) == 0 and by_class["mail"].over_before(5) == 0


@pytest.mark.rule("P-23", "Two files of schedules are compared field by field.")
def test_two_files_are_compared_field_by_field() -> None:
    old = parse(TEXT)
    assert [c.what for c in changes(None, old)] == ["added"] * 4 and changes(old, parse(TEXT)) == []
    other = TEXT.replace("years = 7", "years = 8").replace('class = "refused"', 'class = "junk"').replace("@city", "@town")
    shown = [(c.what, c.class_, c.field, c.old, c.new) for c in changes(old, parse(other))]
    assert ("changed", "mail", "period", "7 years after receipt", "8 years after receipt") in shown
    assert ("removed", "refused", "", "7 days after receipt", "") in shown and (
        "added",
        "junk",
        "",
        "",
        "7 days after receipt",
    ) in shown
    assert ("changed", "executive", "addresses", "mayor@city.example", "mayor@town.example") in shown and len(shown) == 4


@pytest.mark.rule("P-23", "The error of a file of schedules names the line at which the wrong schedule begins.")
def test_an_error_names_the_line() -> None:
    line = next(n for n, words in enumerate(TEXT.splitlines(), 1) if words == "[[schedule]]")
    with pytest.raises(BadSchedule, match=rf"Schedule 1 \(line {line}\), SC-100 of class mail"):
        parse(TEXT.replace("years = 7", "years = 2"))
    with pytest.raises(BadSchedule, match=rf"Schedule 1 \(line {line}\) needs years, as int"):
        parse(TEXT.replace("years = 7", 'years = "7"'))
    with pytest.raises(BadSchedule, match="line 3"):
        parse("[[schedule]]\n\nclass = \n")
