"""The auditor: what was owed, from plans, events, posts and calendar as they stood that day, against the ledger."""
