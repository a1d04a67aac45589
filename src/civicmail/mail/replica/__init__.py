"""The standby: a second machine with every record, from which an installation can be restored."""
