"""Registers a pair with ANTs, in an environment of its own: `ants_pair.py PAIR.npz WARPED.npy REPEATS`."""

import json
import sys
import time

import ants
import numpy as np

arrays = np.load(sys.argv[1])
fixed, moving, labels = (ants.from_numpy(arrays[name].astype("f4")) for name in ("fixed", "moving", "labels"))
seconds = []
for _ in range(int(sys.argv[3]) + 1):
    started = time.perf_counter()
    found = ants.registration(fixed, moving, "SyNCC")
    seconds.append(time.perf_counter() - started)
warped = ants.apply_transforms(fixed, labels, found["fwdtransforms"], interpolator="nearestNeighbor")
np.save(sys.argv[2], warped.numpy().astype("u1"))
print(json.dumps(seconds[1:]))
