"""Rendering: numbers and boxes become new pictures, pictures become bytes for a browser."""
