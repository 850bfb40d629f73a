"""Starts, scales and stops what one scenario needs on this machine, and knows what runs.

Owns: embedded PostgreSQL and Valkey servers, one process per service instance, the supervisor
that restarts them, the address book that services find each other by, and the home folder that
they leave their data and logs in.

Ask `lifecycle` (`up`, `running`, `down`) and `scaling` (`scale`); they answer with a
`clusters.Cluster`.  This file imports nothing: every launched process passes through it.
"""
