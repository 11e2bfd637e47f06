"""The environments as TRL, reasoning-gym and Inspect want them; for verifiers, see `envs/gedanken_verifiers`.

Each module imports its library, so import the one you use. All of them play `LocalEnv` episodes of the problems that
`gedanken.adapters.problems` draws, which is why a fixed answer earns the same everywhere.
"""
