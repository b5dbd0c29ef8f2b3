"""See the package."""

import sys

from benchmarks.scale import cameras, devices, fleet, inference, polling

PARTS = {
    "devices": devices.main,
    "polling": polling.main,
    "fleet": fleet.main,
    "cameras": cameras.main,
    "inference": inference.main,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
