"""Who may come in, where the app is bound to more than this machine: whoever knows the token."""

from __future__ import annotations

import hmac
import os
import time

import streamlit as st

from elasreg_core.cli.app import TOKEN_VARIABLE

_PAUSE_S = 1.0  # after a wrong one


def is_admitted() -> bool:
    """Whether this session has given the token, or none is asked for."""
    return not os.environ.get(TOKEN_VARIABLE) or bool(st.session_state.get("admitted"))


def require_token() -> None:
    """Asks for the token once a session, and ends the page until it is given."""
    if is_admitted():
        return
    token = os.environ[TOKEN_VARIABLE]
    st.title("elasreg")
    with st.form("door", border=False):
        given = st.text_input("Token", type="password", help="Whoever started the app has seen it in the terminal.")
        asked = st.form_submit_button("Come in", icon=":material/login:")
    if asked and hmac.compare_digest(given.strip().encode(), token.encode()):
        st.session_state["admitted"] = True
        st.rerun()
    if asked:
        time.sleep(_PAUSE_S)
        st.error("That is not the token.", icon=":material/lock:")
    st.stop()
