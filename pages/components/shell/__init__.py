"""What every page stands on: navigation, errors, caches, texts, charts and jobs."""
