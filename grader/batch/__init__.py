"""A class of submissions: `grade batch`."""
