"""Grades in other programs' formats.

    sources.py      what there is to export: a batch's folder, or one report
    grades.py       one number for each student, and whom there is more to say about
    tables.py       the CSV files that learning platforms hand out
    matching.py     which student has which row in them
    gradescope.py   results.json of Gradescope's autograders
    canvas.py       a gradebook that Canvas imports
    moodle.py       a grading worksheet that Moodle imports
    junit.py        JUnit XML, for continuous integration

Each format's module says where the format is described, and what it does with points that nobody has
decided yet (tests that wait for a GPU, or that the grader failed on): they are never lost silently.
"""
