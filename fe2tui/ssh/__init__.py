"""The only room that talks to machines: how to reach one, its host keys, the system's ssh, and asyncssh for ourselves.

It knows instances from the model and nothing of AWS; what AWS tells (console output, key fingerprints) is handed in.
asyncssh is imported where it is used: it takes longer to load than the first screen may.
"""
