"""The only room that talks to instances: the route to one, its host keys, the system's ssh, and asyncssh.

In: an instance of the model, settings, and what AWS returned (console output, key fingerprints). Out: the argv of the
system's ssh, an open connection, or the wait until ssh answers; failures are MachineErrors that say what to do. The
room knows nothing of AWS.

``route`` has address, port, user and key of an instance; ``hostkeys`` the known host keys, by instance id; ``keys`` and
``keyfiles`` find private keys on this computer. A person gets a shell through ``terminal`` and ``tunnels``; the program
itself connects through ``connection`` (by ``login``) and waits with ``probe``. asyncssh is imported where it is used:
it takes longer to load than the first screen may. Begin with ``route``, then ``probe``.
"""
