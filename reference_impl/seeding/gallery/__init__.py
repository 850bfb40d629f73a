"""The gallery: painters of scenes and portraits, which seeded people post and show themselves by.

A picture is a pure function of its luck and its size; `pictures` outside says which are painted.
"""
