"""A module for each format: it reads the header and leaves only what makes the pixels."""
