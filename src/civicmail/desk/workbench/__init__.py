"""Search under a mandate: asked, approved, searched, read, held and exported, within its scope and nowhere else (P-16, P-21)."""
