"""Exports of Google Vault: mail in mbox or PST files, with metadata of each message in other files.

NAME-N.zip                        NAME-ACCOUNT-RANDOM.mbox or .pst; often unpacked
NAME-metadata.xml                 Root/Batch/Documents/Document (DocID) with Tags/Tag (TagName, TagValue: Labels, #Subject …) and
                                  Files/File/ExternalFile, whose FileName precedes the @ of the From_ line in the mbox
NAME-metadata.csv                 a row for each message: Rfc822MessageId, GmailMessageId (the DocID of the XML), Account, Labels
NAME-result-counts.csv            a row for each account: AccountStatus, SuccessCount, MessageErrorCount; the first row is the sum
NAME-errors.xml, NAME-error.csv,
NAME-account-exceptions.csv       what Vault could not export; the first is there even when that is nothing
File checksums                    the MD5 of each file

Labels of Gmail itself begin with "^" (^INBOX, ^OPENED). Sources: Google, "Vault export contents" (support.google.com/vault/answer/
6099459), for the files and columns; the public programs Nuix/Associate-Google-Vault-Data and GAM-team/got-your-back for how the
metadata meet the mbox and how labels are written. Google publishes no schema of errors.xml and of the checksums, so any elements
and any usual form of lines are read.
"""
