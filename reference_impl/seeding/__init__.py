"""Seeding: the scenario's people, their follows, posts and timelines, written in bulk.

What is written is a pure function of the scenario, except for tokens, which are secrets.
`world` makes the rows, `stores` writes them, `people` hands them to those who send requests.
`persons` says who everybody is; `pictures` paints what they show, and `uploads` stores that.
"""
