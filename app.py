"""The browser app: which pages there are, and nothing else. Start it with `make app` or `elasreg app`."""

import streamlit as st

from pages._shared.door import is_admitted, require_token

st.set_page_config(page_title="elasreg", page_icon="pages/_shared/icon.png", layout="wide")

page = st.navigation(
    [
        st.Page("pages/start.py", title="Start", icon=":material/home:", default=True),
        st.Page("pages/explore.py", title="Explore", icon=":material/tune:"),
        st.Page("pages/identify.py", title="Identify", icon=":material/grid_view:"),
        st.Page("pages/parameters.py", title="Parameters", icon=":material/scatter_plot:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/leaderboard:"),
        st.Page("pages/review.py", title="Review", icon=":material/rate_review:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/learn.py", title="Learn", icon=":material/school:"),
    ],
    expanded=True,
    position="sidebar" if is_admitted() else "hidden",
)
require_token()
page.run()
