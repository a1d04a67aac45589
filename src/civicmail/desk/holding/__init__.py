"""What waits for a person: quarantine and digests, files for a manager, accounts that act unlike their owners, senders who are asked,
the pick-up portal. What is decided stays a record of the archive.
"""
