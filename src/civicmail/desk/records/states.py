"""States of the records desk: requests, scopes, searches, productions and what hangs on them (P-21). Pure.

request: new -> scoping -> review -> approval -> released -> done;  from every open one withdrawn, an end;  done -> review again
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

RequestState = Literal["new", "scoping", "review", "approval", "released", "done", "withdrawn"]
ScopeState = Literal["proposed", "agreed", "refused", "replaced"]
SearchState = Literal["waiting", "running", "ready", "failed"]
ProductionState = Literal["waiting", "making", "checking", "leaks", "asked", "returned", "approved", "released", "stopped"]
NoticeState = Literal["due", "sent", "disputed", "over"]
ContestState = Literal["open", "upheld", "changed"]
PublicationState = Literal["planned", "stopped", "public", "taken"]
FormatState = Literal["open", "provided", "declined"]
LetterState = Literal["draft", "asked", "sent"]

INTAKES = ("web", "mail", "counter", "message", "approval", "queue")
"""How a request came: the public page, mail to the desk, the counter or telephone, a message that somebody turned into one, the
answer of a file approval, the queue of officials' web mail (P-11)."""
OUTCOMES = labels(full="released", partial="partly-released", denied="denied", none="no-records", withdrawn="withdrawn")
VERDICTS = ("release", "redact", "withhold", "not-responsive", "not-a-record", "personal", "duplicate")
"""What a decision says of a content. The balance of a request adds them up."""
VERDICT = labels(
    "not-responsive", "not-a-record", "personal", "duplicate", release="released", redact="redacted", withhold="withheld"
)

REQUEST = labels("released", "withdrawn", "scoping", new="received", review="in-review", approval="pending", done="closed")
SCOPE = labels(proposed="pending", agreed="active", refused="denied", replaced="superseded")
SEARCH = labels("running", "ready", "failed", waiting="queued")
PRODUCTION = labels(
    "approved",
    "released",
    "stopped",
    "checking",
    waiting="queued",
    making="running",
    leaks="blocked",
    asked="pending",
    returned="denied",
)
NOTICE = labels("sent", due="open", disputed="appealed", over="ended")
CONTEST = labels("open", "upheld", changed="corrected")
PUBLICATION = labels(planned="scheduled", stopped="blocked", public="active", taken="retired")
FORMAT = labels("open", "declined", provided="sent")
LETTER = labels("draft", "sent", asked="pending")
ATTESTATION = labels("signed", asked="open", refused="denied")
REPLY = labels("open", "dismissed", read="closed")
FEE_EVENTS = ("reduced", "paid")
"""What changes the charges of a request."""
SUGGESTION = labels("open", "dismissed", used="applied")

OPEN: frozenset[str] = frozenset({"new", "scoping", "review", "approval", "released"})
"""States of a request on which somebody works."""

REQUESTS = StateTable[RequestState](
    [
        Transition("new", "scope", "scoping", "records.work"),
        Transition("scoping", "search", "review", "records.work"),
        Transition("review", "rescope", "scoping", "records.work"),
        Transition("review", "submit", "approval", "records.work"),
        Transition("approval", "return", "review", "records.approve"),
        Transition("approval", "release", "released", "records.work"),
        Transition("released", "resume", "review", "records.work"),
        Transition("released", "close", "done", "records.work"),
        *(Transition(state, "close", "done", "records.work") for state in ("new", "scoping", "review", "approval")),
        *(Transition(state, "withdraw", "withdrawn", "records.work") for state in ("new", "scoping", "review", "approval")),
        Transition("done", "reopen", "review", "records.work"),
    ],
    lambda state: f"This request is {REQUEST[state][1].lower()} by now. Reload the page.",
)
SCOPES = StateTable[ScopeState](
    [
        Transition("proposed", "confirm", "agreed", "records.confirm-scope"),
        Transition("proposed", "refuse", "refused", "records.confirm-scope"),
        Transition("agreed", "replace", "replaced", "records.work"),
        Transition("proposed", "replace", "replaced", "records.work"),
    ],
    lambda state: f"This scope is {SCOPE[state][1].lower()} by now. Reload the page.",
)
SEARCHES = StateTable[SearchState](
    [
        Transition("waiting", "begin", "running", "tick"),
        Transition("running", "finish", "ready", "tick"),
        Transition("running", "resume", "waiting", "tick"),
        *(Transition(state, "fail", "failed", "tick") for state in ("waiting", "running")),
    ],
    lambda state: f"This search is {SEARCH[state][1].lower()} by now. Reload the page.",
)
PRODUCTIONS = StateTable[ProductionState](
    [
        Transition("waiting", "begin", "making", "tick"),
        Transition("making", "check", "checking", "tick"),
        Transition("making", "resume", "waiting", "tick"),
        Transition("checking", "resume", "waiting", "tick"),
        Transition("checking", "leak", "leaks", "tick"),
        Transition("making", "leak", "leaks", "tick"),
        Transition("checking", "pass", "asked", "tick"),
        Transition("asked", "approve", "approved", "records.approve"),
        Transition("asked", "return", "returned", "records.approve"),
        Transition("approved", "release", "released", "records.work"),
        *(
            Transition(state, "stop", "stopped", "records.work")
            for state in ("waiting", "making", "checking", "leaks", "asked", "approved")
        ),
        *(Transition(state, "again", "waiting", "records.work") for state in ("leaks", "returned", "stopped")),
    ],
    lambda state: f"This production is {PRODUCTION[state][1].lower()} by now. Reload the page.",
)
NOTICES = StateTable[NoticeState](
    [
        Transition("due", "serve", "sent", "records.work"),
        Transition("due", "drop", "over", "records.work"),
        Transition("sent", "dispute", "disputed", "records.work"),
        Transition("sent", "end", "over", "tick"),
        Transition("disputed", "end", "over", "records.work"),
    ],
    lambda state: f"This notice is {NOTICE[state][1].lower()} by now. Reload the page.",
)
CONTESTS = StateTable[ContestState](
    [
        Transition("open", "uphold", "upheld", "records.contest"),
        Transition("open", "change", "changed", "records.contest"),
    ],
    lambda state: f"This objection is {CONTEST[state][1].lower()} by now. Reload the page.",
)
PUBLICATIONS = StateTable[PublicationState](
    [
        Transition("planned", "publish", "public", "tick"),
        Transition("planned", "stop", "stopped", "tick"),
        Transition("stopped", "allow", "planned", "records.work"),
        *(Transition(state, "take", "taken", "records.work") for state in ("planned", "stopped", "public")),
    ],
    lambda state: f"This publication is {PUBLICATION[state][1].lower()} by now. Reload the page.",
)
FORMAT_REQUESTS = StateTable[FormatState](
    [Transition("open", "provide", "provided", "records.work"), Transition("open", "decline", "declined", "records.work")],
    lambda state: f"This request for another format is {FORMAT[state][1].lower()} by now. Reload the page.",
)
LETTERS = StateTable[LetterState](
    [
        Transition("draft", "submit", "asked", "records.work"),
        Transition("draft", "send", "sent", "records.work"),
        Transition("asked", "return", "draft", "records.approve"),
        Transition("asked", "send", "sent", "records.approve"),
    ],
    lambda state: f"This letter is {LETTER[state][1].lower()} by now. Reload the page.",
)
