"""The description of the public API, as OpenAPI 3.1 has it.

`document` puts together what `routes` knows of each route (path, who, limits) and what the
files by service say of it: bodies, answers, examples.
"""
