"""A worker: one listener of the node with all its services, on a Unix-domain socket."""

import contextlib
import gc
import sys
import threading
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

from gateway.adapters.dicomnet.listener import Listener
from gateway.adapters.dicomnet.same_object import is_same
from gateway.adapters.nodestore.objects import Objects
from gateway.app.node.child_main import run_child, tell, when_input_ends
from gateway.app.node.decoding import compare_by, transcode_by
from gateway.app.node.judging import judge_by, judging_sandbox
from gateway.app.node.parts import parts_named


def work(arguments: list[str]) -> None:
    """``STORE CONFIG NODE SOCKET ROOM``."""
    store, config, name, path, room = arguments
    warnings.simplefilter("ignore")
    parts = parts_named(store, config, name)
    parts.files.make_folders()
    sandbox = judging_sandbox(store, config, parts.node.limits)
    same = partial(is_same, compare=compare_by(sandbox, parts.root))
    parts = replace(parts, objects=Objects(parts.database, parts.files, same))
    services = parts.services(
        judge_by(sandbox, parts.root, room), transcode_by(sandbox, parts.root)
    )
    listener = Listener(parts.node, services, Path(path), parts.files.incoming)
    stop = threading.Event()
    when_input_ends(stop.set)
    gc.collect()
    gc.freeze()  # the listener searches for garbage over and over: what is here stays
    tell({"ready": path})
    stop.wait()
    listener.close()
    with contextlib.suppress(OSError):  # not empty: the other workers are not at their end
        Path(path).parent.rmdir()
    sandbox.close()


if __name__ == "__main__":
    sys.exit(run_child(work))
