"""Commands of `dhs` that work without a beamline; `dhs_runtime.cli.commands` lists them."""
