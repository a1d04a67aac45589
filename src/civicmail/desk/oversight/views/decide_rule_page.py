"""A second person's decision on a version: the changes, the replay, and a reason ("/policy/rules/RULE/N/decide/")."""

from __future__ import annotations

from django.http import HttpResponse

from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.charts import Chart
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.desk.oversight import rule_text, states
from civicmail.desk.oversight.acts.rules import DECIDE_RULE, in_mode, version_url
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.rule_replay import Tally
from civicmail.desk.oversight.views.rule_charts import replay_charts
from civicmail.desk.oversight.views.rule_pages import MODE_MEANING, base_of, compared, crumbs, versions_of


@acting("rule.decide")
def decide(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """403 for whoever has written in it, whatever role they hold."""
    row = act_pages.permitted_row(DECIDE_RULE, request, rule, number)
    base = base_of(row, versions_of(rule))
    form_page = FormPage(
        title=f"{f'Retire {rule}' if row.ends else f'Put version {number} of {rule} into force'}{in_mode(row)}?", section=rule,
        submit="Record decision", back=version_url(row), crumbs=crumbs(rule), state=states.WORDS[row.state],
        template="oversight/deciding.html",
        context={
            "v": row,
            "base": base,
            "lines": compared(base.text, row.text) if base is not None and not row.ends else [],
            "r": rule_text.rule_facts(row.text).rule,
            "replays": [(r, Tally.from_plain(r.result)) for r in row.replays.filter(state="done")[:5]],
            "charts": _charts(row),
            "mode": MODE_MEANING.get(row.mode, ""),
            "waits": row.state == "proposed",
        },
    )  # fmt: skip
    return act_pages.answer(request, DECIDE_RULE, row, form_page)


def _charts(row: Version) -> list[Chart]:
    """What would change, by the newest replay that has ended."""
    replay = row.replays.filter(state="done").first()
    return replay_charts(Tally.from_plain(replay.result), row.number) if replay is not None else []
