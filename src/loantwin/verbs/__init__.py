"""The verbs: one file or folder a command, under the command's own word. Their one door is the package
`loantwin`.
"""
