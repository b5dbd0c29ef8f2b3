"""A simulated DCSS with a GUI port as a program; prints its two ports, ends when its input ends."""

import sys

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss


def main() -> None:
    hosts = [HardwareHost("self"), HardwareHost.of("bench", operations=["echo"])]
    with SimulatedDcss(hosts, gui_port=0, nodelay=True) as dcss:
        print(dcss.port, dcss.gui_port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
