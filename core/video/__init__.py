"""Videos: frames read one at a time, asked like pictures, and written as a film."""
