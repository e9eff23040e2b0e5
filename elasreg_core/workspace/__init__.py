"""Where data, checkpoints and results live on disk, and how they survive."""
