"""The web page of a simulated beamline: devices, operations, the wire and the camera, live.

`BeamlinePage` shows the state of a `SimulatedDcss` and sends it commands as GUIs do. The other
modules are internal.
"""

from dhs_lab.simulators.web.page import BeamlinePage

__all__ = ["BeamlinePage"]
