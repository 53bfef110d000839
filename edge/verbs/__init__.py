"""The verbs of the command line, one module each: `add` declares its arguments, `run` does it.

Everything heavy is imported inside `run`, so that building the parser stays cheap.
"""
