"""The units of deploy/systemd say line by line what a process of ours may do (P-20)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import civicmail
from civicmail.core.config.settings import Archive, Settings
from civicmail.front.cli.run import jobs
from civicmail.front.sample.smart_host import World
from neighbours.process import program
from neighbours.shipped import DEPLOY, shipped

SOURCE = Path(civicmail.__file__).parent
EVERYWHERE = {
    "Type=notify",
    "WatchdogSec=60",
    "StartLimitIntervalSec=0",
    "OnFailure=civicmail-ended@%n.service",
    "Restart=always",
    "RestartSec=1",
    "RestartSteps=5",
    "RestartMaxDelaySec=10",
    "KillSignal=SIGTERM",
    "TimeoutStopSec=30",
    "User=civicmail",
    "Group=civicmail",
    "StateDirectory=civicmail",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "LimitCORE=0",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectHostname=yes",
    "ProtectClock=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "RemoveIPC=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @obsolete",
    "SystemCallErrorNumber=EPERM",
}
NETWORK = {"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "MemoryDenyWriteExecute=yes"}
BOTH = {"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"}
NO_NETWORK = {"RestrictAddressFamilies=AF_UNIX", "PrivateNetwork=yes"}
READERS = {"RestrictNamespaces=user net ipc", "Delegate=memory pids", "DelegateSubgroup=main", "SystemCallFilter=capset"}
"""Of who starts readers of hostile files (core/sandbox): cgroups are theirs to write, so ProtectControlGroups= is not there."""
NO_READERS = {"RestrictNamespaces=yes", "ProtectControlGroups=yes"}
LOW_PORTS = {"CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE"}
NO_RIGHTS = {"CapabilityBoundingSet=", "AmbientCapabilities="}
UNITS = {
    "gateway": ("run gateway", NETWORK),
    "courier": ("run worker --job courier", NETWORK),
    "search": ("run worker --job search", NO_NETWORK),
    "mail": ("run worker --job mail", BOTH),
    "city": ("run worker --job city", BOTH),
    "web": ("run web", NETWORK),
    "standby": ("run worker --job standby", NETWORK),
}


@pytest.mark.parametrize("unit", UNITS)
def test_a_process_may_do_its_work_and_nothing_else(unit: str) -> None:
    command, own = UNITS[unit]
    lines = set(shipped(f"systemd/civicmail-{unit}.service").splitlines())
    rights = LOW_PORTS if unit == "gateway" else NO_RIGHTS
    assert not (EVERYWHERE | own | rights | (NO_READERS if unit == "standby" else READERS)) - lines
    assert f"ExecStart=/usr/bin/civicmail {command} --data /var/lib/civicmail" in lines
    assert not any(line.startswith(("ReadWritePaths", "Environment", "PermissionsStartOnly")) for line in lines)


@pytest.mark.rule("P-23", "There is a unit for each process that `civicmail run` starts.")
def test_there_is_a_unit_for_each_process_that_run_starts() -> None:
    """Mail whose units leave out the pages is a city where nobody can sign in."""
    settings = Settings(archive=Archive(standby="/mnt/copy"))
    roles = {"gateway", "web"} if settings.web.serve else {"gateway"}
    assert {*roles, *jobs(settings)} == set(UNITS)


def test_metrics_may_do_what_pages_may() -> None:
    """They ask the database and neighbours as doctor does; nobody starts them before a port is set."""
    lines = set(shipped("systemd/civicmail-metrics.service").splitlines())
    assert not (EVERYWHERE | NETWORK | NO_RIGHTS | READERS) - lines
    assert "ExecStart=/usr/bin/civicmail run metrics --data /var/lib/civicmail" in lines


def test_doctor_tries_readers_with_what_they_have() -> None:
    assert set(shipped("systemd/civicmail-doctor.service").splitlines()) >= READERS


def test_who_asks_others_may_reach_them() -> None:
    """A unit without network asks neither DNS nor clamd, LDAP, webhooks and the mailbox server; `doctor` cried wolf."""
    asking = {
        "gateway": "mail/screening/network_checks.py",
        "mail": "mail/pipeline/rescreening.py",
        "courier": "mail/courier/link.py",
        "city": "front/worker/hooks.py",
        "web": "front/web/serve.py",
        "standby": "mail/replica/links.py",
        "doctor": "front/checkup/dns_zone.py",
        "verify": "front/cli/verify.py",  # its table of entries is in the database, which may be another machine
    }
    for unit, reason in asking.items():
        assert (SOURCE / reason).is_file()
        text = shipped(f"systemd/civicmail-{unit}.service")
        assert "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX" in text and "PrivateNetwork" not in text, unit
    assert set(shipped("systemd/civicmail-search.service").splitlines()) >= NO_NETWORK


def test_a_check_up_that_hangs_ends_and_is_told() -> None:
    """A oneshot has no end of its own: one question without an answer was the last check-up, and no alarm came any more."""
    for unit in ("doctor.service", "alert@.service", "ended@.service"):
        seconds = re.search(r"(?m)^TimeoutStartSec=(\d+)$", shipped(f"systemd/civicmail-{unit}"))
        assert seconds and int(seconds[1]) <= 180, unit


def test_the_target_wants_every_process_and_the_check_up() -> None:
    wanted = re.search(r"(?m)^Wants=(.*)$", shipped("systemd/civicmail.target"))
    assert wanted
    assert set(wanted[1].split()) == {f"civicmail-{unit}.service" for unit in UNITS if unit != "standby"} | {
        "civicmail-doctor.timer",
        "civicmail-verify.timer",
    }
    for alarmed in ("doctor", "verify"):
        assert "OnFailure=civicmail-alert@%n.service" in shipped(f"systemd/civicmail-{alarmed}.service")


@pytest.mark.neighbour("systemd-analyze")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/usr/bin/civicmail", "/bin/true").replace("/usr/libexec/civicmail-alert", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run([program("systemd-analyze"), "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.neighbour("curl")
def test_an_alert_brings_the_last_words_of_a_unit_to_the_operators() -> None:
    with World() as world:
        env = {"SMART_HOST": f"127.0.0.1:{world.port}", "JOURNALCTL": "echo the archive cannot commit"}
        command = [str(DEPLOY / "alerts" / "civicmail-alert"), "civicmail-doctor.service", "operators@city.example"]
        subprocess.run(command, env=env | {"PATH": "/usr/bin:/bin"}, check=True, timeout=30)
    (came,) = world.taken
    assert came.recipients == ["operators@city.example"]
    assert b"Subject: civicmail-doctor.service failed on " in came.content
    assert b"the archive cannot commit" in came.content
    assert b"\n" not in came.content.replace(b"\r\n", b"")


def test_the_container_runs_without_root_and_as_one_program() -> None:
    lines = shipped("container/Containerfile").splitlines()
    assert lines.index("USER civicmail") < lines.index('ENTRYPOINT ["civicmail"]')
    assert "RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable" in lines
    assert "STOPSIGNAL SIGTERM" in lines


def test_the_same_containerfile_makes_the_same_program() -> None:
    """What the program is made of is named by what it is: the image by digest, uv and every package by hash."""
    text = shipped("container/Containerfile")
    lines = [line.split() for line in text.splitlines() if line.strip()]
    stages = [words[3] for words in lines if words[0] == "FROM" and words[2:3] == ["AS"]]
    taken = [words[1] for words in lines if words[0] == "FROM"]
    taken += [word.removeprefix("--from=") for words in lines for word in words if word.startswith("--from=")]
    assert {image for image in taken if image not in stages} == {"${BASE}"}
    assert re.search(r"(?m)^ARG BASE=\S+@sha256:[0-9a-f]{64}$", text)
    pinned = shipped("container/uv.txt")
    assert "--require-hashes" in text and len(re.findall(r"--hash=sha256:[0-9a-f]{64}", pinned)) == 3
