"""Nets: cards, files, downloads, and the one door through which a blob becomes outputs."""
