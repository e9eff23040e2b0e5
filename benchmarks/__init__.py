"""How fast the search engine is, measured against the plain way and against its limits: `make bench`."""
