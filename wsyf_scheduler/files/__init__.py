"""What people edit or hand in, parsed at the edge into core values."""
