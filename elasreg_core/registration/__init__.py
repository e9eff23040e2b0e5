"""Stage 3: a pair and its parameters in, one forward pass, a registration out."""
