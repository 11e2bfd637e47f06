"""What the API answers, as pydantic models: the contract from which the page's types are generated.

The routes answer with plain data that they have at hand, so nothing is validated when they do; tests read every answer
and every event with the models of this folder.
"""
