"""What a visitor chooses: a picture, a model, thresholds, how boxes are drawn."""
