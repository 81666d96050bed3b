"""HTML: a page for each student, and an overview of the class for whoever runs the course.

    write_pages       every page of a batch, one report in memory at a time      writing
    feedback_page     one student                                                feedback
    index_page        the class                                                  index, failing, charts

Every page is one file that loads nothing: its policy allows no more than its own style, its pictures and, on
the overview, its one script, by digest. Without the script the tables stand as they are. `theme` cleans and
escapes whatever a template prints, so that a submission's text is never more than text.
"""

from grader.pages.feedback import feedback_page
from grader.pages.index import index_page
from grader.pages.writing import write_pages

__all__ = ["feedback_page", "index_page", "write_pages"]
