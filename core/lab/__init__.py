"""Experiments on a picture and a model: break a spec, find a spec, compare two."""
