"""The parts of the Home page: the road in four pictures, and a reference."""
