"""Both tasks as OpenEnv environments (https://github.com/huggingface/OpenEnv), for clients written in its protocol.

Importing OpenEnv takes seconds, so nothing outside this folder imports it. The directories `envs/discover_env` and
`envs/predict_env` are thin packages over these modules, in the layout that OpenEnv's tools expect.
"""
