"""The states that pages, lists, filters, CSV files, notices and commands show: word, color role and meaning of each. Pure.

    WORDS = labels("approved", "withdrawn", waits="pending", refused="denied")

A room says which row of the table each of its stored values is shown as; stored values stay. Reason, person and deadline are facts
beside the state, not part of its word. Color roles set icon and color: plain (as it should be), quiet (over), wait (open),
done (good), warn (attention), stop (negative), lock (blocked).
"""

from __future__ import annotations

from collections.abc import Mapping

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

type Label = tuple[str, Sentence]
"""Color role and word, which pages translate."""

STATES: dict[str, tuple[str, Sentence, str]] = {
    # mail and its copies
    "accepted": ("quiet", _("Accepted"), "archived; nothing else is recorded yet"),
    "queued": ("wait", _("Queued"), "accepted; not yet tried, or job not begun"),
    "sending": ("wait", _("Sending"), "is being handed to the next hop"),
    "deferred": ("wait", _("Retrying"), "the next hop gave a temporary failure"),
    "checking": ("wait", _("Checking"), "a check was unavailable and runs again"),
    "sent": ("plain", _("Sent"), "left; what became of it is not known here"),
    "delivered": ("done", _("Delivered"), "the next hop accepted it"),
    "flagged": ("warn", _("Flagged"), "delivered with a warning banner"),
    "partial": ("stop", _("Partly delivered"), "some recipients did not get it"),
    "failed": ("stop", _("Failed"), "permanent failure; the sender, or the person who waits for it, is told"),
    "held": ("lock", _("Held"), "a rule waits for a person"),
    "quarantined": ("lock", _("Quarantined"), "kept out of the mailbox; can be released"),
    "rejected": ("stop", _("Rejected"), "refused with 5xx, or a line of a list that cannot be used"),
    "blocked": ("stop", _("Blocked"), "an officer agreed, and the checks did not"),
    "released": ("done", _("Released"), "an officer or the recipient released it"),
    "canceled": ("quiet", _("Canceled"), "will not happen any more"),
    "removing": ("wait", _("Removing"), "is being taken out of the mailbox"),
    "removed": ("lock", _("Removed"), "taken out of the mailbox"),
    "deleted": ("lock", _("Deleted"), "its owner had deleted it"),
    "external": ("warn", _("External"), "in another system, which must remove it"),
    "absent": ("quiet", _("Absent"), "there is no such copy"),
    "restoring": ("wait", _("Restoring"), "is being put back"),
    "restored": ("done", _("Restored"), "put back"),
    "awaiting-approval": ("wait", _("Waiting for approval"), "its files wait for the sender's department"),
    "first-contact": ("warn", _("First contact"), "nobody of the city has had mail from this address before"),
    "pretender": ("warn", _("Pretends to be staff"), "from outside, under the name of a colleague"),
    "forecast": ("quiet", _("Forecast"), "sent to check@ alone; nobody got it"),
    "imported": ("plain", _("Imported"), "brought in from another system"),
    "archived": ("plain", _("Archived"), "kept for the record, not delivered"),
    "unopened": ("wait", _("Unopened"), "can be fetched, and nobody has"),
    "opened": ("done", _("Opened"), "its reader has fetched it"),
    # decisions of people
    "open": ("wait", _("Open"), "needs an answer"),
    "pending": ("wait", _("Pending"), "a person must decide"),
    "unanswered": ("warn", _("Unanswered"), "nobody answered in time"),
    "overdue": ("warn", _("Overdue"), "deadline passed"),
    "answered": ("wait", _("Answered"), "answered, and not yet carried out"),
    "tentative": ("wait", _("Tentative"), "may come"),
    "attending": ("done", _("Accepted"), "will come"),
    "declined": ("stop", _("Declined"), "will not come"),
    "delegated": ("plain", _("Delegated"), "somebody else comes"),
    "approved": ("done", _("Approved"), "decided yes"),
    "denied": ("stop", _("Denied"), "decided no"),
    "referred": ("lock", _("Referred"), "with another office, such as the records office"),
    "withdrawn": ("quiet", _("Withdrawn"), "taken back by the requester"),
    "signed": ("done", _("Signed"), "signed, and everything is in order"),
    "exceptions": ("warn", _("Exceptions"), "signed, and not everything is in order"),
    "malicious": ("warn", _("Malicious"), "answer to a report"),
    "legitimate": ("done", _("Legitimate"), "answer to a report or to a question about the sender"),
    "forged": ("stop", _("Forged"), "the person that it names did not send it"),
    "recorded": ("stop", _("Recorded"), "access has ended; a review is due"),
    "confirmed": ("warn", _("Confirmed"), "finding on a violation"),
    "reminded": ("done", _("Reminded"), "the person was reminded of the policy"),
    "dismissed": ("quiet", _("Dismissed"), "finding on a violation"),
    "noted": ("quiet", _("Noted"), "confirmed, and does not count"),
    "decided": ("done", _("Decided"), "the consequence is decided"),
    "appealed": ("wait", _("Appealed"), "the appeal has not been heard"),
    "upheld": ("done", _("Upheld"), "outcome of an appeal"),
    "overturned": ("quiet", _("Overturned"), "outcome of an appeal"),
    "corrected": ("done", _("Corrected"), "outcome of an appeal: the rule was changed"),
    "reversed": ("quiet", _("Reversed"), "the record was wrong"),
    "received": ("wait", _("Received"), "came in, and nobody has begun"),
    "scoping": ("wait", _("Scoping"), "what is asked for is being agreed"),
    "in-review": ("wait", _("In review"), "its documents are being read and decided"),
    "partly-released": ("done", _("Partly released"), "released, with redactions or documents withheld"),
    "redacted": ("wait", _("Redacted"), "leaves without some of its words"),
    "uncoded": ("warn", _("No code"), "a redaction without a code of the law, which blocks the release"),
    "withheld": ("stop", _("Withheld"), "does not leave, under a code of the law"),
    "not-responsive": ("quiet", _("Not responsive"), "was not asked for"),
    "not-a-record": ("quiet", _("No record"), "no record in the sense of the law"),
    "personal": ("warn", _("Personal"), "purely personal, without connection with the office"),
    "duplicate": ("quiet", _("Duplicate"), "the same as another document of the request"),
    "no-records": ("quiet", _("No records"), "nothing was found that was asked for"),
    # what is in force for a time
    "draft": ("quiet", _("Draft"), "not yet proposed"),
    "tested": ("quiet", _("Tested"), "not yet proposed"),
    "scheduled": ("wait", _("Scheduled"), "starts on a later day"),
    "active": ("plain", _("Active"), "in force"),
    "urgent": ("warn", _("Urgent"), "in force before a second person has agreed"),
    "shadow": ("quiet", _("Shadow"), "counts what it would do"),
    "notify": ("wait", _("Notify"), "tells people, and changes nothing"),
    "enforced": ("plain", _("Enforced"), "does what it says"),
    "restricted": ("stop", _("Restricted"), "can read, and cannot send"),
    "suspending": ("wait", _("Suspending"), "will be out of force in a moment"),
    "suspended": ("lock", _("Suspended"), "out of force for now"),
    "throttled": ("wait", _("Throttled"), "wrong passwords make the next try wait"),
    "locked": ("lock", _("Locked"), "no sign-in until released"),
    "notified": ("wait", _("Notified"), "another system was told, and has not confirmed"),
    "expired": ("quiet", _("Expired"), "ended by time"),
    "lapsed": ("warn", _("Expired"), "ended by time, although somebody may rely on it"),
    "revoked": ("stop", _("Revoked"), "ended early by a person"),
    "ended": ("quiet", _("Ended"), "over, by its date or by a decision"),
    "left": ("quiet", _("Left"), "does not work here any more"),
    "superseded": ("quiet", _("Superseded"), "there is a newer version"),
    "retired": ("quiet", _("Retired"), "taken out"),
    "unassigned": ("warn", _("Unassigned"), "nobody is responsible for it"),
    "no-access": ("quiet", _("No access"), "nobody has approved access"),
    "not-set-up": ("quiet", _("Off"), "not configured; says what is lost"),
    # work in progress, and what was found
    "counting": ("wait", _("Counting"), "messages are being counted"),
    "running": ("wait", _("Running"), "in progress"),
    "learning": ("wait", _("Learning"), "has seen too little to judge"),
    "behind": ("wait", _("Behind"), "in progress, and late"),
    "closing": ("wait", _("Closing"), "is being closed, and cannot be stopped any more"),
    "applied": ("plain", _("Applied"), "its changes were made"),
    "verified": ("done", _("Verified"), "carried out, and checked"),
    "ready": ("done", _("Ready"), "can be fetched"),
    "done": ("done", _("Done"), "complete"),
    "stopped": ("quiet", _("Stopped"), "ended by a person; can resume"),
    "closed": ("quiet", _("Closed"), "finished"),
    "written": ("wait", _("Written"), "not yet in the ledger"),
    "integrated": ("done", _("Integrated"), "in the ledger"),
    "altered": ("stop", _("Altered"), "not what the journal has"),
    "good": ("done", _("Good"), "as it should be"),
    "weak": ("warn", _("Weak"), "protects less than it could"),
    "warning": ("warn", _("Warning"), "needs attention"),
    "problem": ("stop", _("Problem"), "does not work"),
    "missing": ("stop", _("Missing"), "not published"),
    "wrong": ("stop", _("Wrong"), "published, and not as it must be"),
    "unknown": ("quiet", _("Unknown"), "could not be found out"),
    "logged": ("warn", _("Logged"), "this view of content is in the audit log"),
}
"""Key -> color role, word, meaning."""


def label(key: str) -> Label:
    """How a state is shown."""
    role, word, _meaning = STATES[key]
    return role, word


def labels(*same: str, **stored: str) -> dict[str, Label]:
    """How the stored values of a room are shown, in order of the table. same: values that are keys; stored: value to key."""
    keys = {**{key: key for key in same}, **stored}
    order = list(STATES)
    return {value: label(keys[value]) for value in sorted(keys, key=lambda value: order.index(keys[value]))}


def choices(shown: Mapping[str, Label], **facts: str) -> list[tuple[str, str]]:
    """What a filter offers: stored value and word. facts: what tells apart values that have the same word."""
    return [(value, f"{word}, {facts[value]}" if value in facts else word) for value, (_role, word) in shown.items()]
