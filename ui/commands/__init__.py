"""The commands. What is heavy is imported by the command that needs it, so that help is instant."""
