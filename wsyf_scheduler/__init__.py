"""WSYF Scheduler: a work-injury prevention plan as scheduled jobs, letters and a ladder that never forgets."""

__version__ = "0.1.0"
