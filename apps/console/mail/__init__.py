"""Notices as mail: rendered, sent, switched off. What is told is declared by the apps below."""
