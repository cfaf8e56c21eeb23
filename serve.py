"""Start Blobscope: ``python serve.py`` takes the options of ``streamlit run``.

It is ``streamlit run app.py``, with the server guarded before its first request. Without it
app.py guards the server when the first page is run.
"""

import sys
from pathlib import Path

from streamlit.web.cli import main

from pages.components.shell.server import guard_server

if __name__ == "__main__":
    guard_server()
    main(["run", str(Path(__file__).with_name("app.py")), *sys.argv[1:]])
