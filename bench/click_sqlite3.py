"""The least a list can cost in Python: click and sqlite3, nothing else. `python click_sqlite3.py DATABASE`."""

import sqlite3
import sys

import click

SQL = "SELECT id, key, department, title, due_on, state FROM assignment ORDER BY due_on, key"


@click.command()
@click.argument("database")
def main(database: str) -> None:
    for row in sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(SQL):
        click.echo("  ".join(map(str, row)))


if __name__ == "__main__":
    sys.exit(main())
