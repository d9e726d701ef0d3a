"""The command line: parse, call one function, print. Heavy libraries are imported inside the commands."""
