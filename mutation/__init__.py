"""Mutation testing of the codec: `finding` makes mistakes, `running` asks the tests about them."""
