"""URLs of the oversight pages."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import list_pages
from civicmail.city.pages.act_pages import paths
from civicmail.desk.oversight.acts import emergencies as emergency_acts
from civicmail.desk.oversight.acts import replays as replay_acts
from civicmail.desk.oversight.acts import rules as rule_acts
from civicmail.desk.oversight.acts.content_views import MARK_VIEWING
from civicmail.desk.oversight.lists.emergencies import EMERGENCY_RULES
from civicmail.desk.oversight.lists.rules import RULES
from civicmail.desk.oversight.views import (
    accident,
    content_views_page,
    decide_rule_page,
    department_approval,
    domains,
    emergencies,
    evidence_pack_page,
    examination_report_page,
    failure_policy,
    policy_report_page,
    replays,
    rule_pages,
    rules,
    screening,
    starter_updates_page,
    write_rule,
)

_RULE = "policy/rules/<slug:rule>/"
_VERSION = _RULE + "<int:number>/"

urlpatterns = [
    path("oversight/viewings/", content_views_page.viewings, name="viewings"),
    path("oversight/viewings/sample/", content_views_page.sample, name="viewings-sample"),
    *paths([MARK_VIEWING]),
    path("oversight/examinations/", examination_report_page.examination_report, name="examination-report"),
    path("oversight/evidence/", evidence_pack_page.evidence_pack, name="evidence-pack"),
    path("oversight/accident/", accident.accident, name="accident"),
    *list_pages.paths([RULES, EMERGENCY_RULES]),
    path("policy/rules/new/", write_rule.new, name="rule-new"),
    path("policy/report/", policy_report_page.policy_report_page, name="policy-report"),
    path("policy/facts/", rules.facts, name="facts"),
    path("policy/offered/", starter_updates_page.offered, name="rules-offered"),
    path("policy/fail-matrix/", failure_policy.fail_matrix, name="fail-matrix"),
    path("policy/fail-matrix/<slug:part>/", failure_policy.drill, name="fail-drill"),
    path(_RULE, rule_pages.rule, name="rule"),
    path(_RULE + "edit/", write_rule.another, name="rule-edit"),
    path(_VERSION, rule_pages.version, name="rule-version"),
    path(_VERSION + "edit/", write_rule.edit, name="version-edit"),
    path(_VERSION + "decide/", decide_rule_page.decide, name="version-decide"),
    path(_RULE + "replays/<int:pk>/", replays.replay, name="replay"),
    *paths([*rule_acts.ACTS, *replay_acts.ACTS, *emergency_acts.ACTS]),
    path("policy/approvals/", department_approval.listed, name="asked-departments"),
    path("policy/approvals/<slug:department>/", department_approval.detail, name="asked-department"),
    path("policy/emergencies/new/", emergencies.new, name="emergency-new"),
    path("policy/emergencies/<int:pk>/", emergencies.detail, name="emergency"),
    path("system/domains/", domains.domains, name="domains"),
    path("system/trace/<uuid:capture>/screening/", screening.screening, name="screening"),
]
