"""The only room that calls AWS.

In: a ``Choice`` of profile and region, and calls by AWS's own names. Out: objects of the model, and Fe2Errors; never an
exception of botocore. ``session`` signs and sends a call, ``errors`` translates what AWS refuses, ``xml_reader`` and
``decode`` turn replies into the model. ``instances``, ``images``, ``spot`` … have one function for each operation.
``poller/`` reads a region again and again and yields a ``Fleet``.

Importing a module of this room does not import AWS's library (except ``clients`` and ``credentials``): that happens in
a thread with the first call. Begin with ``session``, then ``instances``, then ``poller/poller``.
"""
