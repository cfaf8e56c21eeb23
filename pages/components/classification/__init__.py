"""Classification results, and how scores become probabilities."""
