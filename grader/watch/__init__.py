"""`grade watch`: an exercise is graded again whenever it is saved.

    loop       what happens when: a save or a key, a grade, a screen
    session    what is known: each exercise's result, which one is worked on, what passed since the last save
    screen     what of it is shown
    hinting    the next hint
    keys       single key presses, where there is a keyboard

The zygote stays warm and the suites stay collected (`grader.batch.station`), so that a save costs little
beyond its tests' own time.
"""
