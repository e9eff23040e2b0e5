"""Starting the app where Streamlit has never run before."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT

CODE = """
from streamlit import config
from streamlit.runtime.credentials import check_credentials
config.get_config_options()
config.set_option("server.headless", False)
check_credentials()
print("fine")
"""


def test_a_newcomer_is_not_asked_for_an_email_address(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert result.stdout.strip() == "fine", result.stdout + result.stderr
