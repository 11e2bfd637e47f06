"""Small decoders trained from nothing: batches, steps, checkpoints. What is learnt is a lesson in its own folder."""
