"""The load generator, a process of its own: `python -m loadtest.generator PLAN_FOLDER`.

Importing Locust monkey-patches the interpreter, so nothing outside this folder imports it.
"""
