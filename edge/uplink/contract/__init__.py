"""The contract with the fleet, and the documents that are made of it: `python tools/make_contract.py` writes them."""
