"""Private Rspamd and ClamAV as Postfix milters with the files of deploy/: no DNS, no network maps, own signatures."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder
from neighbours.shipped import shipped
from neighbours.virusscanner import EICAR, pong

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
LIKELY = b"Y" + GTUBE[1:]  # Rspamd's test pattern for "add header"

_TOP = """\
.include "$CONFDIR/common.conf"
options {{
    .include "$CONFDIR/options.inc"
    .include(priority=10) "{folder}/own.inc"
}}
lang_detection {{ .include "$CONFDIR/lang_detection.inc" }}
logging {{ .include "$CONFDIR/logging.inc"
    type = "console"; level = "warning"; }}
worker "rspamd_proxy" {{
    .include "{folder}/conf/local.d/worker-proxy.inc"
    count = 1;
}}
"""
_OWN = """\
pidfile = "{folder}/rspamd.pid";
tempdir = "{folder}/tmp";
map_watch_interval = 1d;
enable_test_patterns = true;
local_addrs = [];
url_tld = "{folder}/tld.dat";
dns {{ nameserver = ["127.0.0.1:{dns}"]; timeout = 0.1s; retransmits = 1; sockets = 1; }}
"""
_OFF = (
    "rbl surbl spf dkim dkim_signing dmarc arc asn mx_check fuzzy_check hfilter url_redirector phishing rspamd_update multimap mid "
    "whitelist known_senders bimi p0f dcc graylist ratelimit reputation replies history_redis neural external_services antivirus "
    "once_received gpt contextal redis"
)
"""What asks DNS, the network or Redis. The small list of suffixes in url_tld saves nine seconds of start."""


_WORKER = """
worker "normal" {{
    .include "$CONFDIR/worker-normal.inc"
    bind_socket = "127.0.0.1:{port}";
    count = 1;
}}
"""


class Rspamd:
    """A milter; use it with `with`. port: where Postfix finds it; asked: where it takes questions by HTTP."""

    def __init__(self, *, asked: bool = False) -> None:
        self.folder = scratch_folder("rspamd")
        self.port, self.asked, dns = free_ports(3)
        for name in ("db", "tmp", "conf/local.d", "conf/override.d"):
            (self.folder / name).mkdir(parents=True)
        local = self.folder / "conf" / "local.d"
        (local / "worker-proxy.inc").write_text(shipped("rspamd/worker-proxy.inc", {"127.0.0.1:11332": f"127.0.0.1:{self.port}"}))
        for name in ("actions.conf", "milter_headers.conf"):
            (local / name).write_text(shipped(f"rspamd/{name}"))
        for module in _OFF.split():
            (self.folder / "conf" / "override.d" / f"{module}.conf").write_text("enabled = false;\n")
        (self.folder / "tld.dat").write_text("com\norg\nnet\nexample\ntest\n")
        (self.folder / "own.inc").write_text(_OWN.format(folder=self.folder, dns=dns))
        worker = _WORKER.format(port=self.asked) if asked else ""
        (self.folder / "rspamd.conf").write_text(_TOP.format(folder=self.folder) + worker)
        _own(self.folder, "_rspamd")
        self.start()

    def start(self) -> None:
        places = {"DBDIR": "db", "RUNDIR": ".", "LOGDIR": ".", "LOCAL_CONFDIR": "conf"}
        named = [word for key, place in places.items() for word in ("--var", f"{key}={self.folder / place}")]
        command = [program("rspamd"), "-f", "-c", str(self.folder / "rspamd.conf"), *named]
        self.process = Process(_as("_rspamd", command), self.folder)
        self.process.wait_for(self.port)

    def stop(self) -> None:
        self.process.kill()

    def __enter__(self) -> Rspamd:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class ClamAV:
    """clamd with one signature, and its milter; use it with `with`. port: where Postfix finds the milter."""

    def __init__(self) -> None:
        self.folder = scratch_folder("clam")
        (self.port,) = free_ports(1)
        for name in ("db", "tmp"):
            (self.folder / name).mkdir()
        (self.folder / "db" / "eicar.hdb").write_text(f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Eicar-Test\n")
        places = {
            "/run/clamav": str(self.folder),
            "TemporaryDirectory /tmp": f"TemporaryDirectory {self.folder}/tmp",
            "User clamav\n": "User clamav\n" if os.geteuid() == 0 else "",
        }
        (self.folder / "clamd.conf").write_text(shipped("clamav/clamd.conf", places | {"/var/lib/clamav": f"{self.folder}/db"}))
        at = {"inet:7357@127.0.0.1": f"inet:{self.port}@127.0.0.1"}
        (self.folder / "milter.conf").write_text(shipped("clamav/clamav-milter.conf", places | at))
        _own(self.folder, "clamav")
        self.clamd = Process([program("clamd"), "-c", str(self.folder / "clamd.conf")], self.folder)
        self.clamd.wait_until(lambda: pong(self.folder / "clamd.ctl"))
        self.milter = Process([program("clamav-milter"), "-c", str(self.folder / "milter.conf")], self.folder)
        self.milter.wait_for(self.port)

    def __enter__(self) -> ClamAV:
        return self

    def __exit__(self, *_: object) -> None:
        self.milter.kill()
        self.clamd.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _own(folder: Path, user: str) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, user)


def _as(user: str, command: list[str]) -> list[str]:
    """The command under a user of its own; Rspamd refuses to be root."""
    if os.geteuid() != 0:
        return command
    return [program("setpriv"), "--reuid", user, "--regid", user, "--init-groups", *command]
