"""Results: raw outputs become labels and boxes."""
