"""Widgets that pages share: a function takes a key and returns a core value."""
