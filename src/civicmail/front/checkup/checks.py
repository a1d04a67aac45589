"""Run every health check.

A check is a function from Installation to findings. Findings of level "ok" say what was checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from civicmail.core.config.errors import CivicmailError
from civicmail.front.checkup import (
    certificates,
    cleartext,
    completeness,
    configured_files,
    department_file,
    dns_zone,
    external_systems,
    feeds,
    filters,
    hooks,
    jobs,
    keys,
    law_pack,
    listeners,
    machine,
    mail_flow,
    mail_programs,
    message_removal,
    mta_sts,
    next_hops,
    page_address,
    people,
    sandbox,
    secure_mail,
    siem,
    snapshot,
    storage,
    warning_banners,
    witnesses,
)
from civicmail.front.checkup.findings import Finding, Installation

Check = Callable[[Installation], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    configured_files.configured_files,
    listeners.mail_in,
    listeners.pages,
    listeners.metrics,
    machine.disk,
    machine.volume,
    keys.keys,
    keys.recovery,
    machine.clock,
    jobs.jobs,
    sandbox.readers,
    machine.scans,
    storage.index,
    storage.lag,
    storage.delay,
    storage.checkpoint,
    witnesses.witnesses,
    storage.entries,
    completeness.completeness,
    people.people,
    mail_flow.outstanding,
    mail_flow.screening,
    law_pack.law_pack,
    storage.journals,
    storage.standby_lag,
    storage.backup,
    mail_flow.claimed,
    snapshot.snapshot,
    mail_flow.outbound,
    next_hops.next_hops,
    next_hops.imap_disconnect,
    mail_programs.programs,
    dns_zone.zone,
    mta_sts.policy,
    filters.clamd,
    filters.filters,
    message_removal.message_removal,
    feeds.feeds,
    hooks.hooks,
    siem.siem,
    external_systems.external_systems,
    certificates.certificates,
    warning_banners.warning_banners,
    cleartext.cleartext,
    secure_mail.secure_mail,
    page_address.page_address,
    department_file.departments,
)


def run_checks(installation: Installation) -> Iterator[Finding]:
    """Yield all findings. A check that fails is itself a finding, so that the other checks still run."""
    for check in CHECKS:
        yield from run_check(check, installation)


def run_check(check: Check, site: Installation) -> Iterator[Finding]:
    """Yield the findings of one check, or a finding that it failed, whatever the error."""
    try:
        yield from check(site)
    except PermissionError as error:
        do = f"Give it back to the owner of the data folder: chown -R --reference={site.data} {error.filename}; chmod -R u+rwX."
        yield Finding(check.__name__, "problem", f"This could not be checked: {error.filename} may not be read.", do)
    except (CivicmailError, OSError) as error:
        yield Finding(check.__name__, "problem", f"This could not be checked: {error}", "civicmail verify")
    except Exception as error:  # noqa: BLE001 - a damaged file may fail in any way, and the other checks are still made
        text = f"This could not be checked: {type(error).__name__}."  # what an unknown error says may be of a message
        yield Finding(check.__name__, "problem", text, "civicmail verify; and please report it: a check should say what is wrong.")
