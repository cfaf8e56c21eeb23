"""The parts of the Batch and Video pages."""
