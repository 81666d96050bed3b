"""Long runs that try to break the supervision; not part of CI, which runs short forms of them."""
