"""Which of several models to take for labelled data: what their features score there, and a report that decides."""
