"""How the starter nets were made: data, nets, training, measuring and the four writers.

Nothing in the app imports this folder. It needs torch, which the app does not.
"""
