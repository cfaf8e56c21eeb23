"""Many images, one question: what the model says of each."""
