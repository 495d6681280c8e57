"""Runs the emulator's launcher and ends it when the standard input closes.

`shopwatch` holds the other end of the pipe. It closes it to ask for an orderly stop, and the operating system closes
it when `shopwatch` dies, however that happens: the emulator never outlives it. What the launcher does is no concern
here.
"""

import os
import runpy
import signal
import sys
import threading


def stop_when_input_closes() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=stop_when_input_closes, name="parent-watch", daemon=True).start()
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
runpy.run_path(sys.argv[0], run_name="__main__")
