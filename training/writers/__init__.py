"""Four ways to write the same graph down: one module a format, each with one `write`."""
