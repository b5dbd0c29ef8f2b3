"""How much one process and one machine can do: devices, DHSs, cameras, inference servers.

    python -m benchmarks.scale            all parts; a few minutes
    python -m benchmarks.scale devices    one of: devices, polling, fleet, cameras, inference

Everything runs over loopback on the measuring machine, so the figures include the simulated DCSS.
"""
