"""Stage 2: register at every node of a grid of (λ, μ), score, choose per tissue."""
