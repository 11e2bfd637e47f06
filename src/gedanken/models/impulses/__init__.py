"""A small decoder that reads the contacts of a step and says their impulses: its words, its arithmetic, its player.

It is a Llama of transformers' making with one token a number; here it is computed with numpy, so that the model that
comes with the package needs nothing else.
"""
