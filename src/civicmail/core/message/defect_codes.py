"""Codes of defects, one fixed word each. A code never changes its meaning; new ones may be added.

Structure of the header block
    header-empty, header-missing, header-line, header-too-large, header-too-many, separator-missing, mbox-from-line,
    leading-blank, byte-order-mark, header-8bit, header-nul, duplicate-header
Lines
    bare-cr, line-endings-mixed, nul, line-too-long
MIME
    boundary-missing, boundary-unclosed, outside-parts, content-type-broken, encoding-unknown, base64-broken, uuencode-broken,
    nesting-limit, parts-limit, delimiter-limit, child-limit
Inside parts
    tnef-broken, smime-encrypted, smime-broken, openpgp-encrypted, rights-encrypted, partial
Text
    charset-unknown, charset-wrong, charset-missing, text-unreadable, html-flattened
Fields
    address-broken, address-limit, date-broken, links-limit
"""

from __future__ import annotations

HEADER_EMPTY = "header-empty"
HEADER_MISSING = "header-missing"
HEADER_LINE = "header-line"
HEADER_TOO_LARGE = "header-too-large"
HEADER_TOO_MANY = "header-too-many"
SEPARATOR_MISSING = "separator-missing"
MBOX_FROM_LINE = "mbox-from-line"
LEADING_BLANK = "leading-blank"
BYTE_ORDER_MARK = "byte-order-mark"
HEADER_8BIT = "header-8bit"
HEADER_NUL = "header-nul"
DUPLICATE_HEADER = "duplicate-header"
BARE_CR = "bare-cr"
LINE_ENDINGS_MIXED = "line-endings-mixed"
NUL = "nul"
LINE_TOO_LONG = "line-too-long"
BOUNDARY_MISSING = "boundary-missing"
BOUNDARY_UNCLOSED = "boundary-unclosed"
OUTSIDE_PARTS = "outside-parts"
CONTENT_TYPE_BROKEN = "content-type-broken"
ENCODING_UNKNOWN = "encoding-unknown"
BASE64_BROKEN = "base64-broken"
UUENCODE_BROKEN = "uuencode-broken"
NESTING_LIMIT = "nesting-limit"
PARTS_LIMIT = "parts-limit"
DELIMITER_LIMIT = "delimiter-limit"
CHILD_LIMIT = "child-limit"
CHARSET_UNKNOWN = "charset-unknown"
CHARSET_WRONG = "charset-wrong"
CHARSET_MISSING = "charset-missing"
TEXT_UNREADABLE = "text-unreadable"
HTML_FLATTENED = "html-flattened"
ADDRESS_BROKEN = "address-broken"
ADDRESS_LIMIT = "address-limit"
DATE_BROKEN = "date-broken"
LINKS_LIMIT = "links-limit"
TNEF_BROKEN = "tnef-broken"
SMIME_ENCRYPTED = "smime-encrypted"
SMIME_BROKEN = "smime-broken"
OPENPGP_ENCRYPTED = "openpgp-encrypted"
RIGHTS_ENCRYPTED = "rights-encrypted"
PARTIAL = "partial"

CLOSED = frozenset({NESTING_LIMIT, PARTS_LIMIT, DELIMITER_LIMIT, CHILD_LIMIT, HEADER_TOO_LARGE})
"""Limits beyond which content was not opened; its words are still indexed if they are plain text."""
