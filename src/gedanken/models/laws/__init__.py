"""A small decoder of laws: it reads a problem of `discover` and what the simulator said, and says a law or a change.

It is a Llama of transformers' making whose tokens are words and numbers of three significant digits. It knows no word
that the zoo does not teach it, and needs nothing but numpy to play.
"""
