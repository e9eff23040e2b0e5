"""Displacement fields, Lamé parameters and the elastic energy: what everything else rests on."""
