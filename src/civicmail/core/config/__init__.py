"""The settings file, the exit codes and the log. Imports nothing that is slow to start."""
