# mypy: ignore-errors
"""Lays modules named like torch, numpy, random, msgspec and the grader beside the answer."""
import random

import numpy
