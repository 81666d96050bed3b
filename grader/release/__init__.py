"""The student version of a course, and what students and authors start from.

making      builds a release, tries it, and searches it for what must not be in it
  ├─ outline    which tests there are, as the judge collects them
  ├─ suite      cuts a suite in two: the public tests and what they reach, and the rest
  ├─ build      the files
  ├─ texts      what they say to students
  ├─ looking    texts in files, notebooks, zips, a repository's history
  └─ leaks      finds the course's secrets in them
copying     a fresh release to work in
scaffold    a new exercise, with an example in each of its places
writing     files to a folder that is new or empty
"""
