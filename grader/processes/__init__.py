"""The processes of a grade: who starts whom, and who trusts whom.

    grade (no torch)
      └─ zygote: imports torch once, holds no secret, forks on request      zygote, forked
           ├─ judge: pytest, the suite, the expected values, the verdicts    trusted
           └─ worker: the submission's code, confined                        not trusted

A worker is forked from the zygote and never from a judge, whose memory holds the hidden tests.
Each child talks over one channel to the process that asked for it: a judge to `grade`, a worker
to its judge. Only the zygote, being the parent, can tell how a child ended; it is asked over a
*control* socket, of which `grade` has one and every judge has one of its own. A child lives no
longer than the control socket it was asked for through, and none outlives the zygote.

For a class of submissions there is a *bench* between: forked from the zygote, it collects the suites
once and then forks a judge for each submission. The workers of these come from the zygote as ever.

      ├─ bench: the suites, collected
      │    └─ judge, one a submission
      └─ worker

Where there is no `fork`, each child is a fresh interpreter instead (`spawned`): slower by one
import of torch each, otherwise the same.

    child      what both ways of starting give: a channel, `kill`, and how it ended
    roles      what a child does: be a judge, a bench or a worker
    parent     a child dies with its parent
    forking    runs in a process that forks others: the zygote, or a bench
    zygote     runs in the zygote
    forked     asks a zygote for children
    spawned    starts them as fresh interpreters
"""
