"""Confidential information in a message, by kind: sure by checksum, structure and context, told without any value (P-19).

check.py      the inner check: texts of the parts, a prefilter that most messages end at, detectors, findings
texts.py      what of a message is looked at; attachments.py: what its files say, within a budget
scans.py      the outer check of pictures that leave, by OCR; ocr_pictures.py: those pictures, in the limited process
canonical.py  one spelling of every text, with the way back to where it stands
ssn, cards, bank, licences, medical, cjis, secrets, bundles: a family of detectors each
candidates.py, lists.py, exact_match.py: values of lists that the city keeps as keyed hashes, looked up in the gateway
"""
