"""The parts of the Blob page: from a picture to a blob, number by number."""
