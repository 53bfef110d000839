"""The command line: how a mistake is told, how help is broken, and what is made from the parser as data.

That is completion for three shells and the manual page.
Own few lines: shtab knows no fish and would be one more package in every vehicle, argcomplete starts Python at each
press of the key, argparse-manpage breaks up the examples.
"""
