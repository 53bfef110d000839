"""Judging the networks on labelled folders: one file a task, and what all tasks share."""
