"""Addresses of the pages of oversight."""

from __future__ import annotations

from django.urls import path

from civicmail.desk.oversight.views import (
    accident,
    asking,
    deciding,
    domains,
    emergencies,
    matrix,
    offered,
    one,
    replays,
    rules,
    screening,
    viewings,
    writing,
)

_RULE = "policy/rules/<slug:rule>/"
_VERSION = _RULE + "<int:number>/"
_EMERGENCY = "policy/emergencies/<int:pk>/"

urlpatterns = [
    path("oversight/viewings/", viewings.viewings, name="viewings"),
    path("oversight/viewings/sample/", viewings.sample, name="viewings-sample"),
    path("oversight/viewings/<int:pk>/mark/", viewings.mark, name="viewing-mark"),
    path("oversight/accident/", accident.accident, name="accident"),
    path("policy/rules/", rules.rules, name="rules"),
    path("policy/rules/new/", writing.new, name="rule-new"),
    path("policy/facts/", rules.facts, name="facts"),
    path("policy/offered/", offered.offered, name="rules-offered"),
    path("policy/fail-matrix/", matrix.fail_matrix, name="fail-matrix"),
    path("policy/fail-matrix/<slug:part>/", matrix.drill, name="fail-drill"),
    path(_RULE, one.rule, name="rule"),
    path(_RULE + "edit/", writing.another, name="rule-edit"),
    path(_RULE + "take-out/", writing.take_out, name="rule-take-out"),
    path(_VERSION, one.version, name="rule-version"),
    path(_VERSION + "edit/", writing.edit, name="version-edit"),
    path(_VERSION + "test/", writing.test, name="version-test"),
    path(_VERSION + "propose/", writing.propose, name="version-propose"),
    path(_VERSION + "withdraw/", writing.withdraw, name="version-withdraw"),
    path(_VERSION + "decide/", deciding.decide, name="version-decide"),
    path(_VERSION + "replay/", replays.order, name="rule-replay"),
    path(_RULE + "replays/<int:pk>/", replays.replay, name="replay"),
    path(_RULE + "replays/<int:pk>/stop/", replays.stop, name="replay-stop"),
    path("policy/approvals/", asking.listed, name="asked-departments"),
    path("policy/approvals/<slug:department>/", asking.one, name="asked-department"),
    path("policy/emergencies/", emergencies.listed, name="emergencies"),
    path("policy/emergencies/new/", emergencies.new, name="emergency-new"),
    path(_EMERGENCY, emergencies.one, name="emergency"),
    path(_EMERGENCY + "decide/", emergencies.decide, name="emergency-decide"),
    path(_EMERGENCY + "stop/", emergencies.stop, name="emergency-stop"),
    path("system/domains/", domains.domains, name="domains"),
    path("system/trace/<uuid:capture>/screening/", screening.screening, name="screening"),
]
