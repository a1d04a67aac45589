"""What people decide in oversight, a module for each subject."""
