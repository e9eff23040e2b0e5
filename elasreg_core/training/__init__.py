"""Stage 1: one network for all (λ, μ), trained without labels as targets."""
