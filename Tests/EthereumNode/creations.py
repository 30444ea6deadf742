#!/usr/bin/env python3
"""Writes, for a client that is no server of this folder, what creates the contracts that every
test's chain begins with: a JSON object of each one's name and creation code.

    creations.py FILE
"""

import json
from pathlib import Path
import sys

from contracts import FIRST_CONTRACTS, Contract
from forms import data


def main(file):
    Path(file).write_text(json.dumps({
        name: data(Contract(contract).creation(arguments))
        for name, contract, arguments in FIRST_CONTRACTS}))


if __name__ == "__main__":
    main(sys.argv[1])
