"""The command line as data, made from its parser: completion for three shells and the manual page.

Own few lines: shtab knows no fish and would be one more package in every vehicle, argcomplete starts Python at each
press of the key, argparse-manpage breaks up the examples.
"""
