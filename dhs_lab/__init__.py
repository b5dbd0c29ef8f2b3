"""Everything for working without a beamline: simulators, wire tools, test kit, demo.

It uses `dhs_runtime`, which does not need it. Most people use it from the command line:
`dhs simulate`, `dhs demo`, `dhs decode`, `dhs record`. From Python:

- `dhs_lab.testing`: run a DHS in a test, against a simulated DCSS;
- `dhs_lab.simulators`: a DCSS, an Axis camera and an inference server;
- `dhs_lab.tools`: read logs, captures and hex dumps; record and replay.
"""
