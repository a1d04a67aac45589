"""Rows of this room: drafts, outgoing messages, and a person's marks of mail."""

from __future__ import annotations

from civicmail.desk.mailbox.models.marks import Handled as Handled
from civicmail.desk.mailbox.models.marks import Label as Label
from civicmail.desk.mailbox.models.marks import Sheet as Sheet
from civicmail.desk.mailbox.models.writing import Draft as Draft
from civicmail.desk.mailbox.models.writing import DraftFile as DraftFile
from civicmail.desk.mailbox.models.writing import Outgoing as Outgoing
from civicmail.desk.mailbox.models.writing import SentPlain as SentPlain
from civicmail.desk.mailbox.models.writing import Signature as Signature
