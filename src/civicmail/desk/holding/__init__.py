"""What waits for a person: quarantine and digests, files for a manager, accounts that act unlike their owners, the pick-up portal.

Senders who are asked whether a message is theirs stand here, too. What is decided stays a record of the archive.
"""
