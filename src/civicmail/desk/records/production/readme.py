"""The page that tells the requester what is in the package, and how to verify it."""

from __future__ import annotations

from collections.abc import Mapping

from civicmail.desk.records.production import dispositions
from civicmail.desk.records.production.plan import Plan

_README = """\
Records released on request {request}, production {number}

{equation}

pdf/                   each of the {documents} documents; its name is the number of its first page
text/                  the same as text, for search programs and screen readers
{more}index.csv              what each document is, and which pages it has
withholding-log.csv    every removed part and every withheld item, with its number, code and reason
letter.txt             our letter
manifest.json          the checksum of every file, signed: manifest.sig
verify.py              verifies all of this on your computer, without us

To verify, install Python 3.11 or newer (python.org) and run in this folder:

    python verify.py --key KEY --manifest SHA256

The status page of your request shows KEY and SHA256. Nothing here was changed if it names no problem.
Each removed part has a number. You can contest any number: another person will look at it again.
"""
_EML = "eml/                   each message as mail, with the released files attached\n"
_DAT = """\
loadfile.dat           load file (Concordance), in UTF-8 with byte order mark; in it th stands for the letter thorn
loadfile.opt           load file (Opticon), a line for each page
images/                each page as a picture, which loadfile.opt names
"""
_XML = "edrm.xml               load file (EDRM XML 1.2)\n"


def readme(plan: Plan, documents: int, balance: Mapping[str, int]) -> str:
    """The text."""
    more = "".join(part for kind, part in (("eml", _EML), ("dat", _DAT), ("xml", _XML)) if kind in plan.formats)
    equation = dispositions.equation(balance)
    return _README.format(request=plan.request, number=plan.number, equation=equation, documents=documents, more=more)
