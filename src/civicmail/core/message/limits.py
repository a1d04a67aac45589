"""Limits of the parser, with reasons. Reaching a limit is a defect; the bytes are unchanged.

Every limit keeps the work linear in the size of the message; no mail written by people reaches one.
"""

from __future__ import annotations

HEADER_BYTES = 2 << 20
"""Bytes of one header block that are read. Exchange writes To fields of several hundred KiB; 2 MiB hold 40,000 recipients."""

HEADER_FIELDS = 5_000
"""Header fields of one block that become Header values. The longest real chains of trace and ARC fields stay below 300."""

ADDRESSES = 20_000
"""Addresses read from one field: more than the largest list expansion the city's directory can produce."""

ENCODED_WORD_BYTES = 256 << 10
"""Characters of one field in which RFC 2047 words are decoded; no reader needs a longer subject."""

PARAMETERS = 200
"""Parameters of one Content-Type or Content-Disposition field; RFC 2231 continuations of long file names need about 20."""

DEPTH = 64
"""Levels of multipart and message/rfc822 together. Real forwarding chains reach about 20; a deeper part is left unopened."""

PARTS = 5_000
"""Nodes of one MIME tree, children included. Digests of a busy list have about 500."""

DELIMITERS = 100_000
"""Lines of one message that look like a delimiter and are checked one by one; bounds the work on hostile boundaries."""

CHILD_BYTES_FACTOR = 8
"""Bytes copied for message/rfc822 children, as a multiple of the size of the message: nesting must not multiply memory."""

CHILD_BYTES_FLOOR = 8 << 20
"""Bytes for children that are always allowed, so that small deeply forwarded mail opens completely: 200 KB forty deep."""

LINKS = 10_000
"""Links of one message that are listed. Long newsletters have a few hundred."""

HTML_BYTES = 4 << 20
"""Characters of one HTML part that get a tree; a longer part is read by stripping its tags, so no word is lost."""

HTML_FREE_TAGS = 700
"""Tags up to which no tree can become large, whatever they are: HTML within it is not examined before parsing."""

HTML_TAGS = 200_000
"""Tags of one HTML part that get a tree: about 60 MB of it. Long table reports have 100,000."""

HTML_NODES = 500_000
"""Upper estimate of nodes a tree may get. Misnested formatting elements multiply: 33 KB of them once made 1.4 GB."""

HTML_DEPTH = 4_000
"""Open elements at one point. The cost of a tree grows with the square of it; browsers stop at 512."""

HTML_TAG_CHARS = 65_536
"""Characters of one tag with its attributes, embedded images apart; duplicates among n attributes cost n squared."""

HTML_FREE_CHARS = 131_072
"""Characters of HTML up to which the length of single tags is not examined: the worst case is under half a second."""

GUESS_BYTES = 4_096
"""Bytes for the statistical charset guess, which costs milliseconds and is the last resort."""

GUESSES = 16
"""Statistical guesses for one message, children included: mail in one language needs one."""

LINE_BYTES = 998
"""Longest line without its line ending that RFC 5322 2.1.1 allows."""

TNEF_DEPTH = 8
"""Items inside items of one TNEF stream; a chain of forwarded winmail.dat is two or three deep."""

RTF_BYTES = 16 << 20
"""Bytes of one decompressed RTF body: compressed data can claim any size."""

RTF_DEPTH = 1_000
"""Groups of RTF inside one another; Word writes about 30."""

DERIVED = 1_000
"""Files in the uuencode blocks and TNEF streams of one message."""

CMS_DEPTH = 32
"""Values inside values of a CMS structure; signed mail has 8."""

REPORT_DEPTH = 3
"""Journal reports inside one another that are opened; two journal rules in a row make two."""

REPORT_LOOK = 64 << 10
"""Bytes of a header that are searched for the marks of a journal report."""

REPORT_BYTES = 4 << 20
"""Bytes of a journal report around the message in it: 40,000 recipients and their groups. They lie in the head of the receipt."""
