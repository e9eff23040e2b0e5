"""The steps of the page Learn, one file each: two sentences, a picture to play with, and what to notice."""
