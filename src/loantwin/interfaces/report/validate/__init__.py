"""The dossier of a model: what a validator asks, answered from the twin."""
