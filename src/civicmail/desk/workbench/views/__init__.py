"""Pages of the workbench: /mandates/ and below."""
