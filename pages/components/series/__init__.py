"""The parts of the Many pictures and Video pages."""
