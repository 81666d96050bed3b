"""Mutation testing of the hidden suites: small changes to a reference solution, each of which a test should reject.

    python -m tests.mutation --only activations

expressions, statements
            what may be changed in one place of a program
mutants     the places of a program, and a name for each changed program
explained   why some mutants live on
run         grades each mutant, up to the first test that rejects it
outcome     counts, and the mutants that live on without an explanation
__main__    the command
"""
