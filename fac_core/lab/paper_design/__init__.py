"""The paper's own design, with three sources and small: is it what is missing, or what is relevant, that teaches?"""
