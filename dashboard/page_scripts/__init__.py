"""The pages, each a script that `app.py` runs. Not called `pages`: Streamlit would run a file of a folder of that name, the
first that is asked for after its start, by itself, without the shell around it.
"""
