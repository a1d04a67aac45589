"""Charts of the policy's acceptance and of violations by month, of a department or of the city (P-28, P-30)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from statistics import median

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from civicmail.city.conduct.queries import violations
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries import policy_acceptance
from civicmail.city.identity.queries.policy_acceptance import Acceptance
from civicmail.city.pages.charts import Chart, Series
from civicmail.front.web.home_charts import labels, marks


def acceptance_chart(name: str, codes: Collection[str], months: list[date], now: int) -> Chart:
    """Percent of people with mail who had accepted the policy at the end of each month, of the present one until now (epoch ms).
    codes: of the departments together, which are compared with all; none for the whole city."""
    departments = policy_acceptance.at_month_ends(months, [min(now, epoch_ms(_begins(_next(month)))) for month in months])
    mine = [Acceptance() for _ in months]
    for code, counted in departments.items():
        if not codes or code in codes:
            mine = [a + b for a, b in zip(mine, counted, strict=True)]
    series = [Series(name, tuple(each.share for each in mine))]
    if codes:
        shares = [[s for all_months in departments.values() if (s := all_months[n].share) is not None] for n in range(len(months))]
        series.append(Series(gettext("City median"), tuple(median(known) if known else None for known in shares)))
    newest = mine[-1]
    if newest.people:
        sentence = gettext("{accepted} of {people} people with mail have accepted it.").format(
            accepted=f"{newest.accepted:,}", people=f"{newest.people:,}"
        )
    else:
        sentence = gettext("Nobody had to accept it: at the end of {month} nobody had mail.").format(
            month=date_format(months[-1], "F")
        )
    key, title = "accepted" if codes else "accepted-city", gettext("Policy acceptance")
    return Chart(key, title, sentence, gettext("Month"), labels(months), tuple(series), "lines", "%", marks=marks(months))


def violations_chart(codes: Collection[str], months: list[date]) -> Chart:
    """Violations by the month of their report, and how many were confirmed. codes: of the departments together; none for the whole
    city."""
    counts = Counter[tuple[date, bool]]()
    for (code, month, is_confirmed), count in violations.by_month(_begins(months[0]), _begins(_next(months[-1]))).items():
        if not codes or code in codes:
            counts[month, is_confirmed] += count
    series = tuple(
        Series(words, tuple(counts[month, is_confirmed] for month in months))
        for is_confirmed, words in ((True, gettext("Confirmed")), (False, gettext("Open or dismissed")))
    )
    confirmed = sum(counts[month, True] for month in months)
    sentence = gettext("{reported} reported in twelve months, {confirmed} confirmed.").format(
        reported=f"{counts.total():,}", confirmed=f"{confirmed:,}"
    )
    key, title = "violations" if codes else "violations-city", gettext("Violations reported")
    return Chart(key, title, sentence, gettext("Month"), labels(months), series, marks=marks(months))


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _begins(month: date) -> datetime:
    return timezone.make_aware(datetime.combine(month, time.min))
