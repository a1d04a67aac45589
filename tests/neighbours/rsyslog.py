"""A private rsyslog that writes what it gets into files: by TLS, TCP, UDP and a socket of this machine. It can be killed and
started again on the same ports and files."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from civicmail.front.sample.installation import free_ports
from neighbours.authority import Authority
from neighbours.process import Process, greeting, program, scratch_folder

_CONFIG = """\
global(workDirectory="{folder}" maxMessageSize="64k" defaultNetstreamDriver="ossl"
       defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
template(name="each" type="string"
         string="%syslogfacility% %syslogseverity% {at} %hostname% %app-name% %msgid% {structured} | %msg%\\n")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="parsed") {{ action(type="omfile" file="{folder}/parsed" template="each" fileCreateMode="0644") }}
ruleset(name="raw") {{ action(type="omfile" file="{folder}/raw" template="raw" fileCreateMode="0644") }}
module(load="imptcp")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
module(load="imudp")
module(load="imuxsock" sysSock.use="off")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="parsed")
input(type="imptcp" address="127.0.0.1" port="{tcp}" ruleset="raw")
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="parsed")
input(type="imuxsock" socket="{folder}/log" ruleset="parsed" useSpecialParser="off" parseHostname="on")
"""


class Rsyslog:
    """Use it with `with`. tls, tcp, udp: ports; socket: path; ca: who signed its certificate."""

    def __init__(self) -> None:
        self.folder = scratch_folder("rsyslog")
        authority = Authority(self.folder / "tls")
        certificate, key = authority.issue("localhost")
        self.ca = authority.certificate
        self.tls, self.tcp, self.udp = free_ports(3)
        self.socket = self.folder / "log"
        self._config = self.folder / "rsyslog.conf"
        self._config.write_text(
            _CONFIG.format(
                structured="%structured-data%",
                at="%timestamp:::date-rfc3339%",
                folder=self.folder,
                ca=self.ca,
                certificate=certificate,
                key=key,
                tls=self.tls,
                tcp=self.tcp,
                udp=self.udp,
            )
        )

    def __enter__(self) -> Rsyslog:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """At the beginning, and again after kill()."""
        self.socket.unlink(missing_ok=True)
        self._running = Process([program("rsyslogd"), "-n", "-i", str(self.folder / "pid"), "-f", str(self._config)], self.folder)
        self._running.wait_until(lambda: greeting(self.tcp, b"") and greeting(self.tls, b"") and self._has_socket(), 20)

    def _has_socket(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            return self.socket.exists() and not wire.connect_ex(str(self.socket))

    def kill(self) -> None:
        """Gone at once, with what it had in memory."""
        self._running.process.kill()
        self._running.process.wait(60)
        self._running.close()
        (self.folder / "pid").unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        return self._running.process.pid

    def lines(self, name: str = "parsed") -> list[str]:
        path: Path = self.folder / name
        return path.read_text(errors="replace").splitlines() if path.exists() else []
