"""A DNS server for the sample domains (SPF, DKIM, DMARC).

Vendors and residents have records that authorize this machine; cheats have none. No other name exists.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from civicmail.front.sample import people

_TTL = 3600
_LETS = '"v=spf1 ip4:127.0.0.1 -all"'


class NameServer:
    """Answers on a free port of this machine, over UDP, until close. address: "127.0.0.1:5353", as settings want it."""

    def __init__(self) -> None:
        known = (*people.residents(), *people.vendors())
        self._known = {f"{person.address.rpartition('@')[2]}." for person in known} | {f"{people.DOMAIN}."}
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wire.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._wire.getsockname()[1]}"
        self._open = True
        self._thread = threading.Thread(target=self._serve, name="names", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._open = False
        with suppress(OSError):
            self._wire.sendto(b"", self._wire.getsockname())  # wakes it up
        self._thread.join()
        self._wire.close()

    def _serve(self) -> None:
        while self._open:
            with suppress(OSError, dns.exception.DNSException):
                content, whose = self._wire.recvfrom(4096)
                if content:
                    self._wire.sendto(self._answer(dns.message.from_wire(content)).to_wire(), whose)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name.to_text().lower()
        if name not in self._known:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            response.answer.append(dns.rrset.from_text(question.name, _TTL, "IN", "TXT", _LETS))
        elif question.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(question.name, _TTL, "IN", "A", "127.0.0.1"))
        return response
