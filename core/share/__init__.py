"""Share: what a visitor can take home."""
