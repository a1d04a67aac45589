"""What is done at the workbench beside looking: exports and holds, each with its entry."""
