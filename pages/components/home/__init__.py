"""The parts of the Home page: the pipeline in four steps, and a reference."""
