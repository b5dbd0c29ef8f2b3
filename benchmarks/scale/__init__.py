"""How much one process and one machine hold: devices, DHSs, cameras, inference servers.

    python -m benchmarks.scale            all parts; a few minutes
    python -m benchmarks.scale devices    one of: devices, polling, fleet, cameras, inference

Everything talks over loopback, all of it on the machine that measures, so the figures are for the
DHSs and the simulated DCSS together.
"""
