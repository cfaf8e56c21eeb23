"""Share: exports."""
