"""Read the entries of an LDAP server: TLS first, then a bind, then pages of entries (RFC 4511, RFC 2696)."""

from __future__ import annotations

import hashlib
import ssl
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.ldap_rows import Entry
from civicmail.core.config.settings import Ldap
from civicmail.core.wire.hosts import is_this_machine

PAGED = "1.2.840.113556.1.4.319"
MAX_ENTRIES = 200_000


def entries(source: Ldap, attributes: Sequence[str]) -> list[Entry]:
    """Every entry below the base that matches the filter. Raises Unusable with the sentence: not reachable, untrusted certificate,
    wrong password, incomplete answer. A partial answer is refused, because the access of missing people would end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 uses pyasn1 names of before 0.6
        from ldap3.core.exceptions import LDAPException
    connection = _connection(source)
    try:
        _bind(connection, source)
        return list(_entries(connection, source, attributes))
    except LDAPException as error:
        raise Unusable(f"The LDAP server {source.url} does not answer as it should: {_description(error)}.") from None
    except OSError as error:
        raise Unusable(f"The LDAP server {source.url} cannot be reached: {error.strerror or error}.") from None
    finally:
        _close(connection)


def sha256(entries: Sequence[Entry]) -> str:
    """One checksum of the entries."""
    plain = sorted(repr((e.dn, sorted((k, list(v)) for k, v in e.values.items()))) for e in entries)
    return hashlib.sha256("\n".join(plain).encode("utf-8", "surrogatepass")).hexdigest()


def _connection(source: Ldap) -> Any:
    """A connection that is not open yet, so that any later failure closes it."""
    from ldap3 import AUTO_BIND_NONE, SIMPLE, Connection, Server, Tls

    url = urlsplit(source.url)
    secure = url.scheme == "ldaps"
    if not secure and not source.starttls and not is_this_machine(url.hostname or ""):
        raise Unusable(f"feeds.ldap: {source.url} without TLS is only for this machine.")
    tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=source.ca or None)
    if not source.ca:
        tls.ca_certs_path = ssl.get_default_verify_paths().capath
        tls.ca_certs_file = ssl.get_default_verify_paths().cafile
    server = Server(
        url.hostname or "localhost",
        port=url.port or (636 if secure else 389),
        use_ssl=secure,
        tls=tls,
        get_info="NO_INFO",
        connect_timeout=source.timeout,
    )
    return Connection(
        server,
        user=source.bind or None,
        password=_password(source) if source.bind else None,
        authentication=SIMPLE if source.bind else None,
        auto_bind=AUTO_BIND_NONE,
        read_only=True,
        raise_exceptions=True,
        receive_timeout=source.timeout,
        auto_referrals=False,
    )


def _bind(connection: Any, source: Ldap) -> None:
    """Start TLS before sending anything, then bind."""
    connection.open()
    if source.starttls and not source.url.startswith("ldaps"):
        connection.start_tls()
    connection.bind()


def _close(connection: Any) -> None:
    """Close the connection, also a half-open one; ignore servers that hung up."""
    from ldap3.core.exceptions import LDAPException

    socket = connection.socket
    try:
        if not connection.closed:
            connection.unbind()
    except (LDAPException, OSError):
        pass
    finally:
        if socket is not None:
            socket.close()


def _entries(connection: Any, source: Ldap, attributes: Sequence[str]) -> Iterator[Entry]:
    cookie: Any = None
    count = 0
    while True:
        connection.search(
            source.base,
            source.filter,
            attributes=list(attributes),
            paged_size=source.page,
            paged_cookie=cookie,
            time_limit=source.timeout,
        )
        for entry in connection.response or ():
            if entry.get("type") == "searchResEntry":
                count += 1
                yield Entry(entry["dn"], {name.lower(): _texts(raw) for name, raw in entry["raw_attributes"].items()})
        if count > MAX_ENTRIES:
            raise Unusable(f"The LDAP server has more than {MAX_ENTRIES:,} entries of this kind; set feeds.ldap.filter.")
        cookie = (connection.result.get("controls") or {}).get(PAGED, {}).get("value", {}).get("cookie")
        if not cookie:
            return


def _texts(raw: Sequence[bytes]) -> list[str]:
    return [value.decode("utf-8", "replace") for value in raw]


def _password(source: Ldap) -> str:
    try:
        return Path(source.password_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unusable(f"feeds.ldap.password_file {source.password_file} cannot be read: {error.strerror}.") from None


def _description(error: Exception) -> str:
    """The error's type and the server's own text, without what was sent."""
    text = getattr(error, "description", None) or str(error)
    return f"{type(error).__name__}, {text}"[:200].rstrip(".")
