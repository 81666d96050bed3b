"""The judge: pytest, run on the hidden suites, with the submission in another process.

    main        a job in, events out: one run of pytest
    bench       the suites collected once, and a judge forked for each submission
    collection  the plugin's first half: which tests there are, and what a suite may ask for
    running     the plugin's second half: what happens to one test
    marks       what a test's marks say: points, visibility, hint, bans
    side        where the submission runs, as the plugin sees it
    in_worker   in a worker
    in_process  in this process, for debugging
    link        the judge's end of a worker's channel
    guard       ends a worker that takes too much of what the kernel does not count
    scratch     a worker's scratch folder: how much may be in it, and how it goes
    verdict     from what happened in a test to its outcome, and to what the student may read
    wording     how values, places and endings are put into words

The judge is trusted: it holds the tests, the expected values and the score, and it never runs a
line of a submission, except with `--in-process`, whose reports are no grades.
"""
