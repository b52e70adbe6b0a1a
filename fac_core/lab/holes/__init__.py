"""Planted holes: which method finds what a dataset lacks?"""
