"""Pictures: from an uploaded file to pixels, and where those pixels land in a blob."""
