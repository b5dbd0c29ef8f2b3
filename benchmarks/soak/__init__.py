"""A DHS at work for a long time: a million commands, or so many minutes of a bad beamline.

    python -m benchmarks.soak --operations 1000000
    python -m benchmarks.soak --minutes 20

The DHS runs as `dhs run`, in a process of its own; DCSS is one loop over one socket, which keeps an
account: each command is answered exactly once, or lost with its link. Memory, threads and
descriptors of the DHS are looked at meanwhile.
"""
