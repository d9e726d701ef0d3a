"""What the office asks of its records: read-only, values out.

Imports what is below acts and ticks; no report writes.
"""
