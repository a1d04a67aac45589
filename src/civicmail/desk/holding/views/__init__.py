"""Pages of what is kept back."""
