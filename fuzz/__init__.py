"""Fuzzing: `invariants` says what must hold, `fuzz_codec` looks for bytes that break it."""
