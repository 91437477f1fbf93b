"""Domains that two authorities verified, and their way to the resolvers that block them."""
