"""The grader of a course: `grade` on the command line (`cli`), `%grade` in a notebook (`magic`)."""


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext grader` calls: registers `%grade`."""
    from grader.magic import register

    register(shell)
