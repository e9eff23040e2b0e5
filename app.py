"""The browser app: which pages there are, and nothing else. Start it with `make app` or `elasreg app`."""

import streamlit as st

st.set_page_config(page_title="elasreg", page_icon="pages/_shared/icon.png", layout="wide")

st.navigation(
    [
        st.Page("pages/start.py", title="Start", icon=":material/home:", default=True),
        st.Page("pages/explore.py", title="Explore", icon=":material/tune:"),
        st.Page("pages/identify.py", title="Identify", icon=":material/grid_view:"),
        st.Page("pages/review.py", title="Review", icon=":material/rate_review:"),
    ],
    expanded=True,
).run()
