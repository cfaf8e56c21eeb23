"""A worker process with limits: what strangers' files are parsed and decoded in."""
