"""What is unlike a sender: each limit by itself, learnt habits, places, nights, budgets of services (P-25). Time is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config.settings import Containment
from civicmail.mail.pipeline import repeat_keys
from civicmail.mail.pipeline.baseline import DAY, DAYS, HOUR, Baseline, Budget, CountedMessage, budget_of

NOON = 20_000 * DAY + 17 * HOUR
SETTINGS = Containment()
PEOPLE = budget_of(SETTINGS)


def one(at: int, *outside: str, inside: int = 0, place: str = "", alike: tuple[str, ...] = ()) -> CountedMessage:
    return CountedMessage(at, outside, inside, place, alike)


def until_unusual(habit: Baseline, messages: list[CountedMessage], budget: Budget = PEOPLE, since: int = 0) -> tuple[int, str]:
    """How many went, and what the next one was."""
    for count, message in enumerate(messages):
        if sign := habit.anomaly(message, budget, since=since):
            return count, sign
        habit.add(message)
    return len(messages), ""


def worked(*, days: int = 20, each: int = 4, hour: int = 17, place: str = "192.0.2.0/24") -> Baseline:
    """Somebody who wrote a few messages each day at the same hour, to the same five domains."""
    habit = Baseline()
    for day in range(days, 0, -1):
        for n in range(each):
            habit.add(one(NOON - day * DAY + (hour - 17) * HOUR + n, f"a{n}@d{n % 5}.example", place=place))
    return habit


@pytest.mark.rule("P-25", "More recipients within an hour than anybody, or this sender, is used to: everything of theirs waits.")
def test_more_recipients_outside_than_anybody_is_used_to_are_unusual() -> None:
    """Without any history, one message each to forty people of one domain, and no more within the hour."""
    messages = [one(NOON + n * 1000, f"p{n}@d.example") for n in range(60)]
    assert until_unusual(Baseline(), messages) == (40, "outside")
    slow = [one(NOON + n * 100_000, f"p{n}@d.example") for n in range(200)]
    assert until_unusual(Baseline(), slow)[1] == "", "36 an hour are no attack"
    assert Baseline().anomaly(one(NOON, *(f"p{n}@d.example" for n in range(41))), PEOPLE) == "outside", "in one message, too"
    assert Baseline().anomaly(one(NOON, inside=301), PEOPLE) == "inside"


@pytest.mark.rule("P-25", "A sender's behavior before today is usual; today's does not become usual today.")
def test_what_somebody_was_used_to_before_today_is_usual() -> None:
    """Twice the most of the last days goes; what came in today does not make itself usual, nor what is long over."""
    habit = Baseline()
    for n in range(100):
        habit.add(one(NOON - DAY + n, f"p{n}@d.example"))
    assert until_unusual(habit, [one(NOON + n, f"q{n}@d.example") for n in range(300)]) == (200, "outside")
    habit = Baseline()
    for n in range(100):
        habit.add(one(NOON - DAYS * DAY - DAY + n, f"p{n}@d.example"))
    assert until_unusual(habit, [one(NOON + n, f"q{n}@d.example") for n in range(300)]) == (40, "outside")


@pytest.mark.rule("P-25", "Mail to many new domains within an hour is an anomaly.")
def test_many_domains_that_nobody_wrote_to_before_are_unusual() -> None:
    """Known ones do not count."""
    assert until_unusual(Baseline(), [one(NOON + n, f"a@new{n}.example") for n in range(40)]) == (20, "domains")
    habit = worked()
    known = [one(NOON + n, f"x{n}@d{n % 5}.example") for n in range(30)]
    assert until_unusual(habit, known) == (30, "")


@pytest.mark.rule("P-25", "Domains of a compromised account's held mail never become known.")
def test_domains_of_what_was_held_never_become_known() -> None:
    """An hour later they are as new as before, and known ones have not made room for them."""
    habit = worked()
    for n in range(500):
        habit.add(one(NOON + n, f"a@new{n}.example"), usual=False)
    assert habit.anomaly(one(NOON + 500, "b@d1.example"), PEOPLE) == "outside", "it counts for this hour all the same"
    habit.add(one(NOON + 2 * HOUR, "a@d1.example"))
    assert set(habit.domains) == {f"d{n}.example" for n in range(4)}
    again = [one(NOON + DAY + n, f"a@new{n}.example") for n in range(40)]
    assert until_unusual(habit, again) == (20, "domains")


@pytest.mark.rule("P-25", "Many messages with equal text within an hour are an anomaly, whatever the greeting.")
def test_the_same_words_in_many_messages_are_unusual() -> None:
    """To colleagues, too; whoever is greeted by name does not make it another message."""
    text = (
        "Subject: Your parcel\r\n\r\nDear {},\r\n{}\r\n"
        + "please open the following document before Friday evening or lose access. " * 5
    )
    made = [
        repeat_keys.keys(text.format(f"Number{n}", "kind greetings from the office of the mail service today again").encode())
        for n in range(40)
    ]
    assert len(set(made)) == 1 and len(made[0]) == 1
    messages = [one(NOON + n, inside=1, alike=keys) for n, keys in enumerate(made)]
    assert until_unusual(Baseline(), messages) == (25, "same")
    other = repeat_keys.keys(
        b"Subject: Minutes of the council\r\n\r\n"
        + b"the council met and spoke about trees streets water lights and parks again " * 3
    )
    assert not set(other) & set(made[0])


def test_answers_in_one_thread_are_not_the_same_message() -> None:
    """Nor are short ones."""
    assert repeat_keys.keys(b"Subject: Re: The budget hearing\r\nIn-Reply-To: <1@x>\r\n\r\nYes, that is fine.\r\n") == ()
    assert repeat_keys.keys(b"Subject: Re: Re: The budget hearing\r\n\r\nOk.\r\n") == repeat_keys.keys(
        b"Subject: the BUDGET hearing\r\n\r\n.\r\n"
    )
    assert repeat_keys.keys(b"") == repeat_keys.keys(b"\r\n") == ()


@pytest.mark.rule("P-25", "At an hour at which the account never sends, a quarter is enough.")
def test_at_an_hour_at_which_somebody_never_sends_less_is_unusual() -> None:
    """A quarter of it; nobody says so after a few days, and the hour beside the usual ones is no night."""
    night, beside = NOON + 10 * HOUR, NOON + HOUR
    messages = [one(night + n, f"x{n}@d1.example") for n in range(40)]
    assert until_unusual(worked(), messages) == (10, "night")
    assert until_unusual(worked(days=5), messages) == (40, "")
    assert until_unusual(worked(), [one(beside + n, f"x{n}@d1.example") for n in range(40)]) == (40, "")


@pytest.mark.rule("P-25", "From a new place while another one is in use, a quarter is enough.")
def test_a_new_place_beside_another_one_makes_less_unusual() -> None:
    """Desk and a stranger at once; a place that was used before today, or alone, is none."""
    home, away = "192.0.2.0/24", "203.0.113.0/24"

    def both(habit: Baseline, place: str) -> tuple[int, str]:
        habit.add(one(NOON - 1000, "a@d1.example", place=home))
        return until_unusual(habit, [one(NOON + n, f"x{n}@d1.example", place=place) for n in range(30)])

    assert both(worked(), away) == (10, "places")
    assert both(worked(place=away), away) == (30, "")
    assert both(worked(), home) == (30, "")
    habit = worked()
    assert until_unusual(habit, [one(NOON + n, f"x{n}@d1.example", place=away) for n in range(30)]) == (30, ""), "only there"


@pytest.mark.rule("P-25", "A service has a budget of its own and no other limit.")
def test_a_service_has_a_budget_of_its_own_and_no_other_limit() -> None:
    """Alarms say the same to many at any hour."""
    settings = Containment(services={"alarms@city.example": 3000})
    alarms, other = budget_of(settings, "alarms@city.example"), budget_of(settings, "printer@city.example")
    messages = [one(NOON + n, f"x{n}@new{n}.example", alike=("k",)) for n in range(1900)]
    assert until_unusual(Baseline(), messages, alarms) == (1900, "")
    assert until_unusual(Baseline(), messages, other) == (1000, "budget")


@pytest.mark.rule("P-25", "After a release counting starts again, within the allowed limit.")
def test_what_an_officer_has_let_go_is_forgiven_and_may_go_on() -> None:
    """Counted anew from the release on, within what was allowed."""
    habit = Baseline()
    for n in range(41):
        habit.add(one(NOON + n, f"p{n}@d.example"))
    assert habit.anomaly(one(NOON + 50, "q@d.example"), PEOPLE) == "outside"
    assert habit.anomaly(one(NOON + 50, "q@d.example"), PEOPLE, since=NOON + 45) == ""
    allowed = budget_of(SETTINGS, allowed=500)
    assert until_unusual(Baseline(), [one(NOON + n, f"p{n}@new{n}.example") for n in range(600)], allowed)[0] == 500


@given(st.lists(st.tuples(st.integers(0, 40 * DAY), st.integers(0, 60), st.sampled_from(("", "a", "b"))), max_size=60))
def test_a_habit_stays_small_and_comes_back_from_its_file(steps: list[tuple[int, int, str]]) -> None:
    habit = Baseline()
    for after, count, place in sorted(steps):
        habit.add(one(NOON + after, *(f"p{n}@d{n}-{after}.example" for n in range(count)), place=place))
    assert len(habit.most) <= DAYS and len(habit.domains) <= 400 and len(habit.places) <= 24 and len(habit.window) <= 2000
    again = Baseline.from_plain(habit.plain())
    assert again.plain() == habit.plain()


@pytest.mark.parametrize("clock", [-2 * HOUR, 40 * DAY])
def test_a_clock_that_jumps_holds_nobody(clock: int) -> None:
    habit = worked()
    assert until_unusual(habit, [one(NOON + clock + n, "a@d1.example") for n in range(10)]) == (10, "")
