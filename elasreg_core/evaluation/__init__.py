"""A registration judged: all its scores in one object."""
