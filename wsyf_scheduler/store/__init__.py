"""The only SQL: tables (SQLModel), db (engine, pragmas, transactions), one module of plain functions per noun.

Functions take a session, do one verb and never commit; rows do not leave the store. Imports core and errors.
"""
