"""Pages of oversight, a module for each subject."""
