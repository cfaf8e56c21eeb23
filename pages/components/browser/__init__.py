"""Code that the components with JavaScript share."""
