"""What the components that draw in the browser share."""
