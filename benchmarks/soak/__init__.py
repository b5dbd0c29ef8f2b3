"""A DHS under long load: a million commands, or some minutes at a bad beamline.

    python -m benchmarks.soak --operations 1000000
    python -m benchmarks.soak --minutes 20

The DHS runs as `dhs run`, in its own process. DCSS is one loop over one socket, which checks that
each command is answered exactly once, or lost with its link. It also measures memory, threads and
descriptors of the DHS.
"""
