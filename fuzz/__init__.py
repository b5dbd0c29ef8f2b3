"""Fuzzing: `invariants` lists the invariants, `fuzz_codec` looks for bytes that break them."""
