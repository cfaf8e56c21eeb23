"""The parts of the Experiments page: comparisons, mistakes, lost numbers."""
