"""`python -m dhs_runtime.cli` is `dhs`."""

from dhs_runtime.cli import main

main()
