"""Detection results: boxes, how each is decoded, and how accurate they are."""
