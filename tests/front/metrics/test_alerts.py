"""Alerts, dashboard and the page of metrics: each names what there is, and each alert fires for what it is about."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from civicmail.front.metrics.families import FAMILIES
from house.sources import ROOT
from neighbours.prometheus import SHIPPED, promtool

RULES = [rule for group in yaml.safe_load((SHIPPED / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
ALARMS = (ROOT / "docs" / "operate" / "alarms.md").read_text()
DASHBOARD = (ROOT / "deploy" / "grafana" / "civicmail.json").read_text()
DAY = 86_400

FIRES = {
    "CivicmailNotWatched": ('up{job="civicmail"}', 0, 1),
    "CivicmailNumbersOld": ('civicmail_look_timestamp_seconds{look="state"}', -1000, 10**9),
    "CivicmailProblem": ('civicmail_check_problems{check="disk"}', 1, 0),
    "CivicmailWorkerSilent": ('civicmail_heartbeat_timestamp_seconds{process="city"}', -100, 10**9),
    "CivicmailJobFailing": ('civicmail_job_failures{process="city",task="ledger"}', 4, 3),
    "CivicmailMailDeferred": ('civicmail_messages_deferred_total{listener="mx"}', "0+2x1000", "0+0x1000"),
    "CivicmailGatewayFault": ('civicmail_gateway_faults_total{listener="mx"}', "0+1x1000", "3+0x1000"),
    "CivicmailAcknowledgeSlow": ('civicmail_acknowledge_seconds_bucket{listener="mx",le="1.0"}', "0+1x1000", "0+9x1000"),
    "CivicmailQueueOld": ('civicmail_queue_oldest_age_seconds{destination="local"}', 901, 900),
    "CivicmailQueueStuck": ('civicmail_queue_oldest_age_seconds{destination="local"}', 14_401, 14_400),
    "CivicmailScreeningAway": ("civicmail_pending_oldest_age_seconds", 301, 300),
    "CivicmailScreeningUnavailable": ('civicmail_screening_unavailable_total{check="virus"}', "0+6x1000", "0+2x1000"),
    "CivicmailSearchBehind": ("civicmail_index_lag_seconds", 61, 60),
    "CivicmailLedgerBehind": ("civicmail_ledger_lag_seconds", 61, 60),
    "CivicmailEntriesBehind": ("civicmail_entries_lag_seconds", 61, 60),
    "CivicmailChangesBehind": ("civicmail_changes_lag_seconds", 61, 60),
    "CivicmailStandbyBehind": ("civicmail_standby_lag_seconds", 6, 5),
    "CivicmailDiskFull": ('civicmail_disk_free_bytes{volume="data"}', 99, 100),
    "CivicmailDiskFilling": ("civicmail_disk_left_seconds", 13 * DAY, 15 * DAY),
    "CivicmailCertificateEnds": ('civicmail_certificate_end_timestamp_seconds{certificate="mx"}', 20 * DAY, 23 * DAY),
    "CivicmailCertificateUrgent": ('civicmail_certificate_end_timestamp_seconds{certificate="mx"}', 2 * DAY, 4 * DAY),
    "CivicmailDatabaseDown": ("civicmail_database_up", 0, 1),
    "CivicmailBackupOld": ('civicmail_backup_timestamp_seconds{backup="database"}', -8 * DAY, 0),
    "CivicmailApprovalsOld": ("civicmail_approvals_oldest_age_seconds", 2 * DAY + 1, 2 * DAY),
}
"""Alert: a series, a value (or values, one a minute) for which it fires, and one for which it does not."""
BESIDE = {
    "civicmail_disk_min_free_bytes": "100x1000",
    'civicmail_messages_accepted_total{listener="mx"}': "0+9x1000",
    'civicmail_acknowledge_seconds_bucket{listener="mx",le="5.0"}': "0+9x1000",
    'civicmail_acknowledge_seconds_bucket{listener="mx",le="+Inf"}': "0+9x1000",
}


def _names(text: str) -> set[str]:
    return set(re.findall(r"civicmail(?:_[a-z]+)+", text))


@pytest.mark.rule("P-23", "Every metric that an alert or the dashboard names exists.")
def test_each_metric_that_rules_and_dashboard_name_exists() -> None:
    sampled = {f.sampled for f in FAMILIES if f.type != "histogram"}
    sampled |= {f.name + part for f in FAMILIES if f.type == "histogram" for part in ("_bucket", "_sum", "_count")}
    rules = " ".join(rule["expr"] for rule in RULES)
    panels = " ".join(target["expr"] for panel in json.loads(DASHBOARD)["panels"] for target in panel["targets"])
    assert _names(rules) <= sampled and _names(panels) <= sampled and _names(rules) and _names(panels)


def test_each_metric_is_documented_as_it_is() -> None:
    page = (ROOT / "docs" / "operate" / "metrics.md").read_text()
    rows = re.findall(r"(?m)^\| `(civicmail_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page)
    assert rows == [(f.sampled, f.type, ", ".join(f.labels), f.help) for f in FAMILIES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_says_what_it_is_and_where_it_says_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    said, name = rule["annotations"], str(rule["alert"])
    assert said["summary"] and said["description"] and rule["labels"]["severity"] in ("critical", "warning")
    assert said["runbook"] == f"docs/operate/alarms.md#{name.lower()}" and f"\n### {name}\n" in ALARMS


@pytest.mark.neighbour("promtool")
def test_each_alert_fires_for_what_it_is_about(tmp_path: Path) -> None:
    assert set(FIRES) == {rule["alert"] for rule in RULES}
    tests = []
    for name, (series, fires, quiet) in FIRES.items():
        for value, count in ((fires, 1), (quiet, 0)):
            expected = [{"labels": "{}", "value": count}] if count else []
            tests.append({
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in {**BESIDE, series: _values(value)}.items()],
                "promql_expr_test": [{
                    "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', "eval_time": "90m", "exp_samples": expected
                }],
            })  # fmt: skip
    plan = {"rule_files": [str(SHIPPED / "alerts.yaml")], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(plan))
    said = promtool("test", "rules", tmp_path / "tests.yaml")
    assert said.returncode == 0, said.stdout + said.stderr
    assert promtool("check", "rules", SHIPPED / "alerts.yaml").returncode == 0
    assert promtool("check", "config", SHIPPED / "prometheus.yaml").returncode == 0


def _values(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value}x1000"
