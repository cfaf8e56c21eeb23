"""Blobs: how an image becomes the input of a net, with every stage in between."""
