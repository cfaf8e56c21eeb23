"""How long a visitor waits for the first result, in a cold process and in a warm one.

    python -m benchmarks.first_visit

Cold: a new Python process imports everything, reads the nets and shows the page. Warm:
another visitor opens the same page in that process. Times of the server's part, in
seconds; the browser adds its own painting. The issue allows 3 s and 0.3 s.
"""

import json
import subprocess
import sys
import time

PAGES = ("home", "classification", "detection")
VISIT = """
import json, sys, time
begin = time.perf_counter()
from streamlit.testing.v1 import AppTest
def visit():
    begin = time.perf_counter()
    app = AppTest.from_file("app.py", default_timeout=60)
    app.run()
    if sys.argv[1] != "home":
        begin = time.perf_counter()
        app.switch_page(f"pages/{sys.argv[1]}.py").run()
    assert not app.exception and not app.error
    return time.perf_counter() - begin
visit()
cold = time.perf_counter() - begin
print(json.dumps([cold, min(visit() for _ in range(5))]))
"""


def main() -> None:
    """Print a line for each page."""
    print("page             cold    warm")
    for page in PAGES:
        begin = time.perf_counter()
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", VISIT, page],
            capture_output=True,
            text=True,
            check=True,
        )
        started = time.perf_counter() - begin
        cold, warm = json.loads(answer.stdout.splitlines()[-1])
        print(f"{page:15} {cold:5.2f} s {warm:5.3f} s   (whole process {started:.1f} s)")


if __name__ == "__main__":
    main()
