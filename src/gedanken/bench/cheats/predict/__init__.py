"""Cheats at `predict`: rules without physics, echoes, what feedback gives away, and hostile texts."""
