"""API operations, one module for each subject."""
