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

STATES: dict[str, tuple[str, Sentence, Sentence]] = {
    # mail and its copies
    "accepted": ("quiet", _("Accepted"), _("archived; nothing else is recorded yet")),
    "queued": ("wait", _("Queued"), _("accepted; not yet tried, or job not begun")),
    "sending": ("wait", _("Sending"), _("is being handed to the next hop")),
    "deferred": ("wait", _("Retrying"), _("the next hop gave a temporary failure")),
    "checking": ("wait", _("Checking"), _("a check was unavailable and runs again")),
    "sent": ("plain", _("Sent"), _("left; what became of it is not known here")),
    "delivered": ("done", _("Delivered"), _("the next hop accepted it")),
    "flagged": ("warn", _("Flagged"), _("delivered with a warning banner")),
    "partial": ("stop", _("Partly delivered"), _("some recipients did not get it")),
    "failed": ("stop", _("Failed"), _("permanent failure; the sender, or the person who waits for it, is told")),
    "held": ("lock", _("Held"), _("a rule waits for a person")),
    "quarantined": ("lock", _("Quarantined"), _("kept out of the mailbox; can be released")),
    "rejected": ("stop", _("Rejected"), _("refused with 5xx, or a line of a list that cannot be used")),
    "blocked": ("stop", _("Blocked"), _("an officer agreed, and the checks did not")),
    "released": ("done", _("Released"), _("an officer or the recipient released it")),
    "canceled": ("quiet", _("Canceled"), _("will not happen any more")),
    "removing": ("wait", _("Removing"), _("is being taken out of the mailbox")),
    "removed": ("lock", _("Removed"), _("taken out of the mailbox")),
    "deleted": ("lock", _("Deleted"), _("its owner had deleted it")),
    "external": ("warn", _("External"), _("in another system, which must remove it")),
    "absent": ("quiet", _("Absent"), _("there is no such copy")),
    "restoring": ("wait", _("Restoring"), _("is being put back")),
    "disposed": ("done", _("Disposed of"), _("removed under a retention schedule, with a certificate")),
    "restored": ("done", _("Restored"), _("put back")),
    "awaiting-approval": ("wait", _("Waiting for approval"), _("its files wait for the sender's department")),
    "first-contact": ("warn", _("First contact"), _("nobody of the city has had mail from this address before")),
    "pretender": ("warn", _("Pretends to be staff"), _("from outside, under the name of a colleague")),
    "forecast": ("quiet", _("Forecast"), _("sent to check@ alone; nobody got it")),
    "imported": ("plain", _("Imported"), _("brought in from another system")),
    "archived": ("plain", _("Archived"), _("kept for the record, not delivered")),
    "unopened": ("wait", _("Unopened"), _("can be fetched, and nobody has")),
    "opened": ("done", _("Opened"), _("its reader has fetched it")),
    # decisions of people
    "open": ("wait", _("Open"), _("needs an answer")),
    "pending": ("wait", _("Pending"), _("a person must decide")),
    "unanswered": ("warn", _("Unanswered"), _("nobody answered in time")),
    "overdue": ("warn", _("Overdue"), _("deadline passed")),
    "answered": ("wait", _("Answered"), _("answered, and not yet carried out")),
    "tentative": ("wait", _("Tentative"), _("may come")),
    "attending": ("done", _("Attending"), _("will come")),
    "declined": ("stop", _("Declined"), _("will not come")),
    "delegated": ("plain", _("Delegated"), _("somebody else comes")),
    "approved": ("done", _("Approved"), _("decided yes")),
    "denied": ("stop", _("Denied"), _("decided no")),
    "referred": ("lock", _("Referred"), _("with another office, such as the records office")),
    "withdrawn": ("quiet", _("Withdrawn"), _("taken back by the requester")),
    "signed": ("done", _("Signed"), _("signed, and everything is in order")),
    "exceptions": ("warn", _("Exceptions"), _("signed, and not everything is in order")),
    "malicious": ("warn", _("Malicious"), _("a report about it was right")),
    "legitimate": ("done", _("Legitimate"), _("a report or a doubt about it was answered: it is genuine")),
    "forged": ("stop", _("Forged"), _("the person that it names did not send it")),
    "recorded": ("stop", _("Recorded"), _("access has ended; a review is due")),
    "confirmed": ("warn", _("Confirmed"), _("found to be a violation")),
    "reminded": ("done", _("Reminded"), _("the person was reminded of the policy")),
    "dismissed": ("quiet", _("Dismissed"), _("looked at; nothing follows")),
    "noted": ("quiet", _("Noted"), _("confirmed, and does not count")),
    "decided": ("done", _("Decided"), _("the consequence is decided")),
    "appealed": ("wait", _("Appealed"), _("the appeal has not been heard")),
    "upheld": ("done", _("Upheld"), _("appealed; the decision stays")),
    "overturned": ("quiet", _("Overturned"), _("appealed; the decision does not count any more")),
    "corrected": ("done", _("Corrected"), _("appealed; the rule or decision was changed")),
    "reversed": ("quiet", _("Reversed"), _("the record was wrong")),
    "received": ("wait", _("Received"), _("came in, and nobody has begun")),
    "scoping": ("wait", _("Scoping"), _("what is asked for is being agreed")),
    "in-review": ("wait", _("In review"), _("its documents are being read and decided")),
    "partly-released": ("done", _("Partly released"), _("released, with redactions or documents withheld")),
    "redacted": ("wait", _("Redacted"), _("leaves without some of its words")),
    "uncoded": ("warn", _("No code"), _("a redaction without a code of the law, which blocks the release")),
    "withheld": ("stop", _("Withheld"), _("does not leave, under a code of the law")),
    "not-responsive": ("quiet", _("Not responsive"), _("was not asked for")),
    "not-a-record": ("quiet", _("No record"), _("no record in the sense of the law")),
    "personal": ("warn", _("Personal"), _("purely personal, without connection with the office")),
    "duplicate": ("quiet", _("Duplicate"), _("the same as another document of the request")),
    "no-records": ("quiet", _("No records"), _("nothing was found that was asked for")),
    # what is in force for a time
    "draft": ("quiet", _("Draft"), _("being written, and not yet proposed")),
    "tested": ("quiet", _("Tested"), _("tried on past mail, and not yet proposed")),
    "scheduled": ("wait", _("Scheduled"), _("starts on a later day")),
    "active": ("plain", _("Active"), _("in force")),
    "ratified": ("done", _("Ratified"), _("in force already, and a second person has agreed")),
    "urgent": ("warn", _("Urgent"), _("in force before a second person has agreed")),
    "shadow": ("quiet", _("Shadow"), _("counts what it would do")),
    "notify": ("wait", _("Notify"), _("tells people, and changes nothing")),
    "enforced": ("plain", _("Enforced"), _("does what it says")),
    "restricted": ("stop", _("Restricted"), _("can read, and cannot send")),
    "suspending": ("wait", _("Suspending"), _("will be out of force in a moment")),
    "suspended": ("lock", _("Suspended"), _("out of force for now")),
    "throttled": ("wait", _("Throttled"), _("wrong passwords make the next try wait")),
    "locked": ("lock", _("Locked"), _("no sign-in until released")),
    "notified": ("wait", _("Notified"), _("another system was told, and has not confirmed")),
    "expired": ("quiet", _("Expired"), _("ended by time")),
    "lapsed": ("warn", _("Lapsed"), _("ended by time, although somebody may rely on it")),
    "revoked": ("stop", _("Revoked"), _("ended early by a person")),
    "ended": ("quiet", _("Ended"), _("over, by its date or by a decision")),
    "left": ("quiet", _("Left"), _("does not work here any more")),
    "superseded": ("quiet", _("Superseded"), _("there is a newer version")),
    "retired": ("quiet", _("Retired"), _("taken out")),
    "unassigned": ("warn", _("Unassigned"), _("nobody is responsible for it")),
    "no-access": ("quiet", _("No access"), _("nobody has approved access")),
    "not-set-up": ("quiet", _("Off"), _("not configured")),
    # work in progress, and what was found
    "counting": ("wait", _("Counting"), _("messages are being counted")),
    "running": ("wait", _("Running"), _("in progress")),
    "learning": ("wait", _("Learning"), _("has seen too little to judge")),
    "behind": ("wait", _("Behind"), _("in progress, and late")),
    "closing": ("wait", _("Closing"), _("is being closed, and cannot be stopped any more")),
    "applied": ("plain", _("Applied"), _("its changes were made")),
    "verified": ("done", _("Verified"), _("carried out, and checked")),
    "ready": ("done", _("Ready"), _("can be fetched")),
    "done": ("done", _("Done"), _("complete")),
    "stopped": ("quiet", _("Stopped"), _("ended by a person; can resume")),
    "closed": ("quiet", _("Closed"), _("finished")),
    "written": ("wait", _("Written"), _("not yet in the ledger")),
    "integrated": ("done", _("Integrated"), _("in the ledger")),
    "altered": ("stop", _("Altered"), _("not what the journal has")),
    "good": ("done", _("Good"), _("as it should be")),
    "weak": ("warn", _("Weak"), _("protects less than it could")),
    "warning": ("warn", _("Warning"), _("needs attention")),
    "problem": ("stop", _("Problem"), _("does not work")),
    "missing": ("stop", _("Missing"), _("not published")),
    "wrong": ("stop", _("Wrong"), _("published, and not as it must be")),
    "unknown": ("quiet", _("Unknown"), _("could not be found out")),
    "logged": ("warn", _("Logged"), _("this view of content is in the audit log")),
}
"""Key -> color role, word, meaning; no two share a word or a meaning."""

_KEYS = {str(word): key for key, (_role, word, _meaning) in STATES.items()}


def label(key: str) -> Label:
    """How a state is shown."""
    role, word, _meaning = STATES[key]
    return role, word


def key_of(word: str) -> str:
    """The key of a word of the table, "" for another one."""
    return _KEYS.get(word, "")


def described(shown: Mapping[str, tuple[str, str]]) -> str:
    """For programs: the word of pages for each stored value, and its meaning; as a list in Markdown."""
    known = [(value, word, key_of(word)) for value, (_role, word) in shown.items()]
    return "\n".join(f"- `{value}`: {word}, {STATES[key][2]}" for value, word, key in known if key)


def labels(*same: str, **stored: str) -> dict[str, Label]:
    """How the stored values of a room are shown, in order of the table. same: values that are keys; stored: value to key."""
    keys = {**{key: key for key in same}, **stored}
    order = list(STATES)
    return {value: label(keys[value]) for value in sorted(keys, key=lambda value: order.index(keys[value]))}


def choices(shown: Mapping[str, Label], **facts: str) -> list[tuple[str, str]]:
    """What a filter offers: stored value and word. facts: what tells apart values that have the same word."""
    return [(value, f"{word}, {facts[value]}" if value in facts else word) for value, (_role, word) in shown.items()]
