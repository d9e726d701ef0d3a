"""What the program costs, measured side by side with its peers: `make bench`, or `python bench/run.py`."""
