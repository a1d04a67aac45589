"""A private OpenLDAP server with its people in a folder of its own: StartTLS on one port, LDAPS on another."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from civicmail.front.sample.installation import free_ports
from neighbours.authority import Authority
from neighbours.process import Process, program, scratch_folder

BASE = "dc=city,dc=example"
PEOPLE = f"ou=people,{BASE}"
READER = f"cn=reader,{BASE}"
_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/tls/ca.pem
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
security simple_bind=128
disallow bind_anon
require authc
sizelimit size.soft=500 size.hard=100000 size.prtotal=unlimited
database mdb
suffix "{base}"
rootdn "{reader}"
rootpw {password}
directory {folder}/people
maxsize 33554432
limits * size.soft={limit} size.hard={limit} size.prtotal=unlimited
"""


def entry(uid: str, **more: str) -> str:
    """LDIF of one person. more: attributes; an empty one is left out."""
    plain = {"employeeNumber": uid, "cn": f"Given {uid}", "sn": f"Family {uid}", "givenName": "Given", "departmentNumber": "clerk"}
    lines = [f"{name}: {value}" for name, value in (plain | more).items() if value]
    return "\n".join([f"dn: uid={uid},{PEOPLE}", "objectClass: inetOrgPerson", f"uid: {uid}", *lines, ""])


class Slapd:
    """Use it with `with`. url: with StartTLS; secure: LDAPS; ca, password: files; limit: entries in one unpaged answer."""

    def __init__(self, people: Iterable[str], *, password: str = "a secret of the test", limit: int = 100_000) -> None:
        self.folder = scratch_folder("slapd")
        authority = Authority(self.folder / "tls")
        certificate, key = authority.issue("localhost")
        self.ca = authority.certificate
        self.password = self.folder / "password"
        self.password.write_text(f"{password}\n")
        (self.folder / "people").mkdir()
        config = self.folder / "slapd.conf"
        config.write_text(
            _CONFIG.format(
                folder=self.folder,
                certificate=certificate,
                key=key,
                base=BASE,
                reader=READER,
                password=f'"{password}"',
                limit=limit,
            )
        )
        self._fill(config, people)
        plain, secure = free_ports(2)
        self.url, self.secure = f"ldap://localhost:{plain}", f"ldaps://localhost:{secure}"
        listening = f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{secure}/"
        self.process = Process([program("slapd"), "-d", "0", "-f", str(config), "-h", listening], self.folder)
        self.process.wait_for(plain)
        self.process.wait_for(secure)

    def _fill(self, config: Path, people: Iterable[str]) -> None:
        top = [
            f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Sample City\ndc: city\n",
            f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n",
        ]
        ldif = "\n".join([*top, *people])
        command = [program("slapadd"), "-q", "-f", str(config)]
        done = subprocess.run(command, input=ldif.encode(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def __enter__(self) -> Slapd:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
