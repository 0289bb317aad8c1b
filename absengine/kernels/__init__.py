"""Compiled loops: arrays in, arrays out. Nothing of ours is imported here; numba only in ``_jit``."""
