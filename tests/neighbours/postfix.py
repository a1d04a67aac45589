"""A private Postfix with the files of deploy/postfix: own configuration, queue and log; needs root, leaves the system alone.

edge(port)          takes mail for city.example from the Internet, has it looked at by milters, hands it to a gateway
proxy(port)         the same without a queue: the gateway answers each command
smart_host(port)    takes mail from the city and hands it to a next hop
OldSystem           a mail system of somebody else's
keeper()            takes mail for everybody into its hold queue: what accepting costs Postfix
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder
from neighbours.shipped import DEPLOY, settings, shipped

_HERE = {
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "smtpd_peername_lookup": "no",
    "smtp_dns_support_level": "disabled",  # no DNS on a test machine: literals only
    "minimal_backoff_time": "1s",  # a story sees the retry
    "maximal_backoff_time": "2s",
    "queue_run_delay": "1s",
    "smtpd_client_connection_rate_limit": "0",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_tls_security_level": "none",
    "smtp_tls_security_level": "none",
}
_DOORS = {
    "edge": "smtp      inet n - n - - smtpd",
    "proxy": "smtp      inet n - n - - smtpd",
    "out": "127.0.0.1:2600 inet n - n - - smtpd",
}
_MASTER = "/usr/lib/postfix/sbin/master"
_QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace"


class Postfix:
    """One instance; use it with `with`. port: where it listens.

    role: the folder of deploy/postfix; changes: texts of its files to replace; own: settings of this scratch instance.
    """

    def __init__(
        self,
        role: str,
        own: dict[str, str],
        changes: dict[str, str] | None = None,
        *,
        rows: dict[str, str] | None = None,
        sessions: int = 100,
    ) -> None:
        self.folder = scratch_folder("postfix")
        (self.port,) = free_ports(1)
        self.etc, self.log_path = self.folder / "etc", self.folder / "mail.log"
        self._make_queue()
        self.etc.mkdir()
        for path in (DEPLOY / "postfix" / role).iterdir():  # a path in main.cf ends at a blank, and a checkout may have one
            shutil.copyfile(path, self.etc / path.name)
        if role == "edge":
            changes = {"/etc/postfix-edge/": f"{self.etc}/"} | (changes or {})
        main = settings(f"postfix/{role}/main.cf", changes) | _HERE
        main |= {
            "queue_directory": f"{self.folder}/queue",
            "data_directory": f"{self.folder}/data",
            "maillog_file": str(self.log_path),
            "maillog_file_prefixes": str(self.folder),  # must be a prefix of the log, or every daemon dies without a word
        }
        (self.etc / "main.cf").write_text("".join(f"{k} = {v}\n" for k, v in (main | own).items()))
        row = {_DOORS[role]: f"127.0.0.1:{self.port} inet n - n - {sessions} smtpd"} | (rows or {})
        (self.etc / "master.cf").write_text(shipped(f"postfix/{role}/master.cf", row))
        for path in self.etc.iterdir():
            os.utime(path, (1e9, 1e9))  # a fresh main.cf makes each daemon wait for two seconds
        self.start()

    def start(self) -> None:
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}
        self.process = Process([_MASTER, "-c", str(self.etc), "-s"], self.folder, env)
        self.process.wait_for(self.port, b"220 ")

    def stop(self) -> None:
        """Gone, with its queue kept; start brings it back."""
        self.process.close()

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
        return [line for line in self.log_path.read_text(errors="replace").splitlines() if word in line]

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


def edge(gateway: int, milters: str = "", **own: str) -> Postfix:
    """The Internet-facing server of city.example before a gateway on that port."""
    changes = {"smtp:[127.0.0.1]:2525": f"smtp:[127.0.0.1]:{gateway}"}
    return Postfix("edge", {"smtpd_milters": milters, "mynetworks": "127.0.0.99"} | own, changes)


def proxy(gateway: int, **own: str) -> Postfix:
    """The same without a queue: every command is the gateway's to answer."""
    rows = {"smtpd_proxy_filter=127.0.0.1:2525": f"smtpd_proxy_filter=127.0.0.1:{gateway}"}
    return Postfix("proxy", own, rows=rows)


def smart_host(next_hop: int, back: int = 1, **own: str) -> Postfix:
    """A server that takes mail from the city and hands it on to that port. back: the relay listener, for mail to our own people."""
    own = {"default_transport": f"smtp:[127.0.0.1]:{next_hop}"} | own
    return Postfix("out", own, {"smtp:[127.0.0.1]:2526": f"smtp:[127.0.0.1]:{back}"})


class OldSystem(Postfix):
    """A mail system of somebody else's for the whole of city.example: its own people's mail goes to `store` (a port), everything
    else to the gateway's relay listener, a copy of all of it to the gateway's journal listener."""

    def __init__(self, store: int, relay: int, journal: int) -> None:
        self._ways = {"city.example": store, "copies.example": journal}
        self._relay = relay
        self._map = scratch_folder("ways") / "transport"
        self.forward([])
        own = {"transport_maps": f"texthash:{self._map}", "always_bcc": "all@copies.example"}
        super().__init__("out", own | {"default_transport": f"smtp:[127.0.0.1]:{relay}"})

    def forward(self, addresses: list[str]) -> None:
        """From now on these people's mail goes to the gateway, and nobody else's of our domain."""
        ways = self._ways | dict.fromkeys(addresses, self._relay)
        fresh = self._map.with_name("new")
        fresh.write_text("".join(f"{key} smtp:[127.0.0.1]:{port}\n" for key, port in ways.items()))
        fresh.rename(self._map)
        if not hasattr(self, "process"):
            return
        before = self._routing()
        os.kill(self.process.process.pid, signal.SIGHUP)
        # What comes while one manager of the queue goes and the next begins is delivered, and stays in the queue for five minutes.
        self.process.wait_until(lambda: "qmgr" in (now := self._routing()).values() and not now.keys() & before)

    def _routing(self) -> dict[int, str]:
        """Its processes that say where mail goes, by number."""
        pid, found = self.process.process.pid, {}
        for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            with suppress(OSError):
                found[child] = Path(f"/proc/{child}/comm").read_text().strip()
        return {child: name for child, name in found.items() if name in ("qmgr", "trivial-rewrite")}

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        shutil.rmtree(self._map.parent, ignore_errors=True)


def keeper(sessions: int = 100, **own: str) -> Postfix:
    """A server that takes everything and lets nothing go."""
    hold = {"smtpd_client_restrictions": "check_client_access static:HOLD", "default_transport": "discard", "transport_maps": ""}
    return Postfix("out", hold | own, sessions=sessions)
