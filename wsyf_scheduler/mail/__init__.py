"""From a letter's facts to a delivered message: letters (Jinja2), compose (MIME), ics, smtp, maildir."""
