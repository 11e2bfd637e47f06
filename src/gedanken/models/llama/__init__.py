"""A small Llama as transformers saves it, computed with numpy and compiled code: its weights and its forward pass."""
