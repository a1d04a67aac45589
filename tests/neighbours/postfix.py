"""A private Postfix: own configuration, queue and log; needs root, touches nothing of the system's.

edge(port)          hands mail for city.example to a gateway by SMTP, as an Internet-facing server does
smart_host(port)    takes mail for everybody and hands it to a next hop
keeper()            takes mail for everybody into its hold queue: what accepting costs Postfix
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder

_MAIN = {
    "compatibility_level": "3.6",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "command_directory": "/usr/sbin",
    "myhostname": "edge.city.example",
    "myorigin": "city.example",
    "mydestination": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtp_dns_support_level": "disabled",  # no DNS on a test machine: literals only
    "smtpd_peername_lookup": "no",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "biff": "no",
    "minimal_backoff_time": "1s",  # a story sees the retry
    "maximal_backoff_time": "2s",
    "queue_run_delay": "1s",
    "smtpd_client_connection_rate_limit": "0",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_recipient_restrictions": "permit_mynetworks, reject",
    "local_header_rewrite_clients": "",
    "message_size_limit": "60000000",
    "notify_classes": "",
}
_SERVICES = """\
127.0.0.1:{port} inet n - n - {most} smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
lmtp      unix - - n - - lmtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
_QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace"


class Postfix:
    """One instance; use it with `with`. port: where it listens."""

    def __init__(self, settings: dict[str, str], sessions: int = 100) -> None:
        self.folder = scratch_folder("postfix")
        (self.port,) = free_ports(1)
        self.etc, self._log = self.folder / "etc", self.folder / "mail.log"
        self._make_queue()
        self.etc.mkdir()
        own = {
            "queue_directory": f"{self.folder}/queue",
            "data_directory": f"{self.folder}/data",
            "maillog_file": str(self._log),
            "maillog_file_prefixes": str(self.folder),  # must be a prefix of the log, or every daemon dies without a word
        }
        (self.etc / "main.cf").write_text("".join(f"{k} = {v}\n" for k, v in (_MAIN | own | settings).items()))
        (self.etc / "master.cf").write_text(_SERVICES.format(port=self.port, most=sessions))
        for path in self.etc.iterdir():
            os.utime(path, (1e9, 1e9))  # a fresh main.cf makes each daemon wait for two seconds
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}
        self.process = Process([f"{_MAIN['daemon_directory']}/master", "-c", str(self.etc), "-s"], self.folder, env)
        self.process.wait_for(self.port, b"220 edge.")

    def _make_queue(self) -> None:
        queue = self.folder / "queue"
        queue.mkdir(mode=0o755)
        places = [(queue / name, "root", 0o700) for name in _QUEUES.split()]
        places += [
            (queue / "public", "postdrop", 0o710),
            (queue / "maildrop", "postdrop", 0o730),
            (self.folder / "data", "postfix", 0o700),
        ]
        for path, group, mode in places:
            path.mkdir()
            shutil.chown(path, "postfix", group)
            path.chmod(mode)
        (queue / "pid").mkdir(mode=0o755)

    def __enter__(self) -> Postfix:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, word: str = "") -> list[str]:
        return [line for line in self._log.read_text(errors="replace").splitlines() if word in line]

    def flush(self) -> None:
        """Try everything that waits at once."""
        subprocess.run([program("postqueue"), "-c", str(self.etc), "-f"], check=True, capture_output=True)

    def waiting(self) -> int:
        """Messages in the queue, held ones too."""
        queue = self.folder / "queue"
        return sum(1 for name in ("incoming", "active", "deferred", "hold") for p in (queue / name).rglob("*") if p.is_file())

    @property
    def held(self) -> list[Path]:
        return [p for p in (self.folder / "queue" / "hold").rglob("*") if p.is_file()]


def edge(gateway: int, **settings: str) -> Postfix:
    """The Internet-facing server of city.example before a gateway on that port."""
    hop = {"relay_domains": "city.example", "relay_transport": f"smtp:[127.0.0.1]:{gateway}"}
    refused = {"default_transport": "error:5.1.2 no such test domain"}
    return Postfix(hop | refused | settings)


def smart_host(next_hop: int, **settings: str) -> Postfix:
    """A server that takes mail for everybody and hands it on to that port."""
    return Postfix({"default_transport": f"smtp:[127.0.0.1]:{next_hop}", "smtp_tls_security_level": "none"} | settings)


def keeper(sessions: int = 100) -> Postfix:
    """A server that takes everything and lets nothing go."""
    return Postfix({"smtpd_client_restrictions": "check_client_access static:HOLD", "default_transport": "discard"}, sessions)
