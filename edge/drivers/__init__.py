"""Drivers who return: what was learnt of each is kept in one small file, under the token that tells them apart.

The token comes from outside (configuration or vehicle bus) and means nothing here; the file holds a hash of it and a
few numbers, no picture, and nobody is recognised. Without a token nothing is kept and nothing is taken back. Each part
is kept with its origin, and what stood before can be taken back. Who was not named for as long as
`retention.drivers_days` says is forgotten.

Threads: the pipeline asks and hands over, from memory; a thread of its own writes the file, whole and atomically.
"""
