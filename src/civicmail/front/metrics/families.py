"""All metrics with type, unit and labels, as docs/operate/metrics.md lists them.

Names follow Prometheus: seconds and bytes, epoch seconds, counters end in _total. Labels have few values: kinds of listeners
and destinations, names of checks and jobs; never addresses of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["counter", "gauge", "histogram", "info"]


@dataclass(frozen=True, slots=True)
class Family:
    """name: without the _total of a counter and the _info of an info; unit: at the end of the name, or empty."""

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        last = self.name.rpartition("_")[2]
        return last if last in ("seconds", "bytes") else ""

    @property
    def sampled(self) -> str:
        """The name by which queries ask for it."""
        return self.name + {"counter": "_total", "info": "_info"}.get(self.type, "")


_L = ("listener",)
_D = ("destination",)

FAMILIES = (
    Family("civicmail_build", "info", "The version of the program that reads these numbers.", ("version",)),
    Family("civicmail_connections", "counter", "Connections by kind of listener.", _L),
    Family("civicmail_connections_refused", "counter", "Connections over a limit, or of somebody who is no peer.", _L),
    Family("civicmail_tls_handshakes", "counter", "TLS handshakes that succeeded.", _L),
    Family("civicmail_tls_handshakes_failed", "counter", "TLS handshakes that failed.", _L),
    Family("civicmail_messages_accepted", "counter", "Messages that were archived and answered with 250.", _L),
    Family("civicmail_messages_refused", "counter", "Messages that were answered with 5xx after their content.", _L),
    Family("civicmail_messages_deferred", "counter", "Messages that were answered with 4xx after their content.", _L),
    Family("civicmail_messages_cut_off", "counter", "Messages whose client went away in the middle.", _L),
    Family("civicmail_messages_archived_bytes", "counter", "Content that was archived, as it came in.", _L),
    Family("civicmail_recipients_refused", "counter", "Recipients that were answered with 5xx.", _L),
    Family("civicmail_sign_ins", "counter", "Sign-ins of mail programs and tokens that succeeded.", _L),
    Family("civicmail_sign_ins_failed", "counter", "Sign-ins of mail programs and tokens that failed, or were not tried.", _L),
    Family("civicmail_timeouts", "counter", "Clients that made no progress and were disconnected.", _L),
    Family("civicmail_gateway_faults", "counter", "Faults of ours that clients were answered 4xx for.", _L),
    Family("civicmail_screening_unavailable", "counter", "Archived messages for which a check could not be made.", (*_L, "check")),
    Family("civicmail_acknowledge_seconds", "histogram", "From the end of the content to the answer, of archived messages.", _L),
    Family("civicmail_deliveries", "counter", "Copies by what became of an attempt.", (*_D, "outcome")),
    Family("civicmail_delivery_seconds", "histogram", "From receipt until the next hop accepted a copy.", _D),
    Family("civicmail_search_delay_seconds", "histogram", "From receipt until a search finds the message."),
    Family("civicmail_web_requests", "counter", "Requests that the pages answered.", ("view", "status")),
    Family("civicmail_web_request_seconds", "histogram", "How long answers of the pages took."),
    Family("civicmail_queue_copies", "gauge", "Copies that wait for their next hop; none: no setting names one.", _D),
    Family("civicmail_queue_oldest_age_seconds", "gauge", "How long the oldest of them has waited; 0 without one.", _D),
    Family("civicmail_held_messages", "gauge", "Messages with copies that are kept back until a person decides."),
    Family("civicmail_pending_messages", "gauge", "Messages that wait until a part of screening is back."),
    Family("civicmail_pending_oldest_age_seconds", "gauge", "How long the oldest of them has waited; 0 without one."),
    Family("civicmail_index_lag_records", "gauge", "Durable records that the search index does not have yet."),
    Family("civicmail_index_lag_seconds", "gauge", "How long the oldest of them has waited; 0 without one."),
    Family("civicmail_ledger_lag_records", "gauge", "Durable records that the ledger does not have yet."),
    Family("civicmail_ledger_lag_seconds", "gauge", "How long the oldest of them has waited; 0 without one."),
    Family(
        "civicmail_standby_lag_seconds", "gauge", "Mail that would be lost with this machine, in time; absent without a standby."
    ),
    Family("civicmail_checkpoint_timestamp_seconds", "gauge", "When the newest checkpoint of the ledger was signed."),
    Family("civicmail_witness_timestamp_seconds", "gauge", "When a witness cosigned its newest checkpoint.", ("witness",)),
    Family("civicmail_completeness_missing_records", "gauge", "Records of the last 30 days that some place lacks."),
    Family("civicmail_completeness_timestamp_seconds", "gauge", "The end of the last day whose records were compared."),
    Family(
        "civicmail_backup_timestamp_seconds",
        "gauge",
        "When the newest backup ended (archive.backup), or the copy of the database was made.",
        ("backup",),
    ),
    Family("civicmail_disk_free_bytes", "gauge", "What is free on the volume.", ("volume",)),
    Family("civicmail_disk_min_free_bytes", "gauge", "Below this no mail is taken in (gateway.min_free)."),
    Family("civicmail_disk_left_seconds", "gauge", "When that is reached at the pace of the last week; +Inf where nothing grows."),
    Family("civicmail_certificate_end_timestamp_seconds", "gauge", "The end of a certificate.", ("certificate",)),
    Family("civicmail_heartbeat_timestamp_seconds", "gauge", "When a worker noted last how it is.", ("process",)),
    Family("civicmail_job_success_timestamp_seconds", "gauge", "The end of a job's last good round.", ("process", "task")),
    Family("civicmail_job_failures", "gauge", "Rounds of a job that failed in a row.", ("process", "task")),
    Family("civicmail_check_problems", "gauge", "Problems that doctor finds, by check (docs/operate/alarms.md).", ("check",)),
    Family("civicmail_check_warnings", "gauge", "Warnings that doctor gives, by check.", ("check",)),
    Family("civicmail_database_up", "gauge", "Whether the database answers."),
    Family("civicmail_entries_lag_seconds", "gauge", "How long the oldest audit entry has waited for the ledger."),
    Family("civicmail_changes_lag_seconds", "gauge", "How long the oldest change of access has waited for the gateways."),
    Family("civicmail_approvals_waiting", "gauge", "Messages whose files wait for a person's decision."),
    Family("civicmail_approvals_oldest_age_seconds", "gauge", "How long the oldest of them has waited; 0 without one."),
    Family("civicmail_look_timestamp_seconds", "gauge", "When gauges were read last that are not read at each scrape.", ("look",)),
)
KNOWN = {family.name: family for family in FAMILIES}
