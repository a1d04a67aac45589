"""Find confidential information in a message, by kind: certain by checksum, structure and context, reported without any value
(P-19).

check.py      the content check: texts of the parts, a prefilter that clears most messages, detectors, findings
texts.py      the texts of a message; attachments.py: the texts of its files, within a budget
scans.py      the network check of outgoing pictures, by OCR; ocr_pictures.py: those pictures, in the sandboxed process
canonical.py  one spelling of every text, with the way back to the original place
ssn, cards, bank, licences, medical, cjis, secrets, bundles: a family of detectors each
candidates.py, exact_lists.py, exact_match.py: the city's own values as keyed hashes, looked up in the gateway
"""
