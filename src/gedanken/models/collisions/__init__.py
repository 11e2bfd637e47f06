"""A small decoder that detects collisions: it reads two shapes and their places, and says whether and where they touch.

What it finds is told to a model of contacts (`models.impulses`), so that both together predict from the raw frame.
"""
