"""Blobs: how an image becomes the numbers a net eats, with every stage in between."""
