"""Mutation testing of the codec: `finding` makes mutants, `running` runs the tests on them."""
