"""Every read of this room that pages and other rooms make."""
