"""Every read that other rooms and pages make."""
