"""What a detector answered: boxes, where each came from, and how right they are."""
