"""The front door: the one port of the public, in front of all zones.

Owns: which box answers a path, which zone is nearest to a client, and which instances are ready.
Answers: everything, with the answer of an edge, of the pages or of a gateway; of itself /livez
    and /readyz, and on another address /metrics.
Asks: /readyz of every edge, page server and gateway, once a second.
Events: none.
"""
