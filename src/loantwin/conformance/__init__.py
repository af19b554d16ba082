"""What a format, transition model, provision standard or loss model is held to: one check a file.

The check of policies stands with them (`decisions.check`), where every use asks its parts.
"""
