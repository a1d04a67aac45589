"""Every check in turn. Each looks, disturbs nobody, and says what to do where something is wrong.

A check is a function of a Patient that gives findings; the ones that are "ok" say what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from civicmail.core.config.errors import CivicmailError
from civicmail.front.checkup import (
    addressed,
    certificates,
    clear,
    feeds,
    hooks,
    jobs,
    keeping,
    keys,
    listening,
    machine,
    marking,
    named,
    nexthops,
    onelist,
    otherdoors,
    passing,
    people,
    policy,
    programs,
    pullback,
    readers,
    scanner,
    secured,
    siem,
    snapshot,
    zone,
)
from civicmail.front.checkup.findings import Finding, Installation

Check = Callable[[Installation], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    named.configured_files, listening.mail_in, listening.pages, listening.metrics,
    machine.disk, machine.volume, keys.keys, keys.recovery, machine.clock,
    jobs.jobs, readers.readers, machine.scans, keeping.index, keeping.lag, keeping.delay, keeping.checkpoint, keeping.entries,
    people.people, passing.outstanding, passing.screening, keeping.journals, keeping.standby_lag, keeping.backup, passing.claimed,
    snapshot.snapshot, passing.outbound, nexthops.next_hops, nexthops.imap_disconnect,
    programs.programs, zone.zone, policy.policy, scanner.clamd, scanner.filters, pullback.message_removal, feeds.feeds, hooks.hooks,
    siem.siem, otherdoors.external_systems, certificates.certificates, marking.warning_banners,
    clear.cleartext, secured.secure_mail, addressed.page_address, onelist.departments,
)  # fmt: skip


def run_checks(installation: Installation) -> Iterator[Finding]:
    """All findings. A check that fails itself is a finding, so that the others are still made."""
    for check in CHECKS:
        yield from run_check(check, installation)


def run_check(check: Check, site: Installation) -> Iterator[Finding]:
    """The findings of one check, and that it failed where it did, however it did: what is broken is what brings people here."""
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
