"""What the state of a request means for its requester, and what happens next. Pure."""

from __future__ import annotations

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

NEXT: dict[str, Sentence] = {
    "new": _("We have your request. Next, a person of the records office reads it and defines the search."),
    "scoping": _("We define what to search for. If something is unclear, we ask you."),
    "review": _("We found records and read them one by one, to release everything that the law opens."),
    "approval": _("A second person checks what we are about to release."),
    "released": _("Records are released. More may follow."),
    "done": _("The request is closed. You can still write to us about it below."),
    "withdrawn": _("The request was withdrawn. You can make a new one at any time."),
}
"""State of states.REQUEST -> sentence."""
