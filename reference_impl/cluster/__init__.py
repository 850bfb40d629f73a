"""Starts and stops what one scenario needs on this machine, and knows what runs.

Owns: embedded PostgreSQL and Valkey servers, one process per service instance, the supervisor
that restarts them, and the home folder that they leave their data and logs in.

Ask `lifecycle` (`up`, `running`, `down`); it answers with a `clusters.Cluster`.
This file imports nothing: every launched process passes through it.
"""
