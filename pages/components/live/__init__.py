"""The parts of the Live page: a camera's stream, its settings and its numbers."""
