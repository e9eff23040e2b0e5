"""Hyper-registration networks on VoxelMorph, and the checkpoints that keep them.

`architecture` and `checkpoint` are free of TensorFlow, so that listing checkpoints is instant.
"""
