# mypy: ignore-errors
"""Makes the test read attributes, keys and labels that hold what it was given."""


class Talking:
    def __init__(self, word):
        self.word = word

    def __getattr__(self, name):
        raise AttributeError(self.word)

    def __len__(self):
        raise ValueError(self.word)

    def __repr__(self):
        return self.word


def secret(x, word):
    return Talking(word)


def close(x):
    return Talking("quick" + "silver")


def sort(x):
    return x.sort().values
