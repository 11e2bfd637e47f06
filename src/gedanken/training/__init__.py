"""Supervised warm start, reinforcement with the simulator's reward, curriculum, and training from scratch.

Every run is a folder (`run.RunFolder`) from which its curves and its model card are written. Torch, transformers, TRL
and PEFT are imported when a run starts, never before.
"""
