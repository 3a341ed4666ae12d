"""Reads one region again and again and yields a ``Fleet`` after each change.

``poller`` reads the instances, and the other parts of the fleet, each through a ``FleetSource`` with its own interval,
which keeps its last result if a read fails. Sources import the functions that call AWS when they read: the first
instances must not wait for that.
"""
