"""Images in, registration pairs out: NIfTI, preprocessing through the affine, data set layouts, phantoms."""
