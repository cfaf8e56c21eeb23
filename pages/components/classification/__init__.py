"""What a classifier answered, and how its scores become confidences."""
