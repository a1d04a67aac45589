"""The commands, one module each; run.py starts the processes."""
