"""The web page of a simulated beamline: devices, operations, the wire and the camera, live.

`BeamlinePage` shows what a `SimulatedDcss` knows and drives it in place of GUIs; the rest of this
package is its inside.
"""

from dhs_lab.simulators.web.page import BeamlinePage

__all__ = ["BeamlinePage"]
