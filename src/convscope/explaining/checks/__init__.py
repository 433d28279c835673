"""Whether an explanation can be believed: one check a file, ``checks.py`` all of them for one method on a batch.

Each takes a method, a network and a batch of its inputs, and knows no run. A check compares: with the same network
after its weights were shuffled, with an edge filter that needs no network, with an order drawn at random, with the map
of a nearly equal input, with that of the second answer. A number without what it is compared to says nothing.
"""
