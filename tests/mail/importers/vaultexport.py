"""An export as Google Vault writes it, made up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

NAME = "Email-Parks 2019"
ANN, BEN = "ann@old.example", "ben@old.example"
LABELS = ("^INBOX,^OPENED,Budget 2019", '^SENT,"Bids, closed"', "^INBOX,^UNREAD,^STARRED", "")


def body(number: int, account: str = ANN) -> bytes:
    return (
        f"Message-ID: <pump-{number}@old.example>\r\nFrom: clerk@old.example\r\nTo: {account}\r\nSubject: pump {number}\r\n"
        f"Date: Mon, 04 Feb 2019 09:00:00 +0000\r\n\r\nPump {number} runs.\r\n"
    ).encode()


def mbox(*numbers: int, account: str = ANN) -> bytes:
    return b"".join(
        b"From 16245%d-%s@xxx Mon Feb 04 09:00:00 +0000 2019\r\n" % (n, account[:3].encode()) + body(n, account) + b"\r\n"
        for n in numbers
    )


def document(number: int, account: str = ANN, labels: str | None = None) -> str:
    mark = f"16245{number}-{account[:3]}"
    tags = {
        "#From": "clerk@old.example",
        "#To": account,
        "#Subject": f"pump {number}",
        "#DateSent": "2019-02-04T09:00:00Z",
        "Labels": LABELS[number % 4] if labels is None else labels,
        "Account": account,
    }
    written = "".join(f"<Tag TagName={quoteattr(n)} TagDataType='Text' TagValue={quoteattr(v)}/>" for n, v in tags.items())
    return (
        f"<Document DocID='g-{mark}'><Tags>{written}</Tags><Files><File FileType='Native'>"
        f"<ExternalFile FileName='{mark}' FileSize='{len(body(number, account))}' Hash='0'/></File></Files></Document>\n"
    )


def xml(*documents: str) -> str:
    head = (
        "<?xml version='1.0' encoding='UTF-8'?>\n<Root DataInterchangeType='Update' Description='x'><Batch name='b'><Documents>\n"
    )
    return f"{head}{''.join(documents)}</Documents></Batch></Root>\n"


def row(number: int, account: str = ANN) -> str:
    labels = LABELS[number % 4].replace('"', '""')
    mark = f"g-16245{number}-{account[:3]}"
    return f'pump-{number}@old.example,{mark},{account},clerk@old.example,pump {number},"{labels}"\r\n'


def table(*rows: str) -> str:
    return "Rfc822MessageId,GmailMessageId,Account,From,Subject,Labels\r\n" + "".join(rows)


class Vault:
    """A folder with an export: four messages of Ann and two of Ben, one Message-ID in both mailboxes."""

    def __init__(self, folder: Path, *, of: Callable[[int], str] = document) -> None:
        self.folder = folder
        folder.mkdir()
        self.ann = self.write(f"{NAME}-{ANN}-Ab3x.mbox", mbox(0, 1, 2, 3))
        self.ben = self.write(f"{NAME}-{BEN}-Zz9.mbox", mbox(1, 4, account=BEN))
        self.xml = self.write(f"{NAME}-metadata.xml", xml(*map(of, range(4)), document(1, BEN, "^INBOX"), document(4, BEN)))

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def csv(self) -> Path:
        return self.write(f"{NAME}-metadata.csv", table(*map(row, range(4)), row(1, BEN), row(4, BEN)))

    def checksums(self) -> Path:
        files = sorted(p for p in self.folder.iterdir() if p.suffix != ".md5")
        digests = (f"{hashlib.md5(p.read_bytes(), usedforsecurity=False).hexdigest()}  {p.name}\n" for p in files)
        return self.write(f"{NAME}.md5", "".join(digests))
