"""pylibjpeg-rle: how long it takes to encode a frame, and to how many bytes."""

import json
import sys
import time

import numpy as np
from rle.rle import encode_frame

question = json.load(sys.stdin)
frame = np.load(question["frame"])
rows, columns = frame.shape
content = frame.astype("<u2").tobytes()
spent = []
for _ in range(question["runs"]):
    began = time.process_time()
    encoded = encode_frame(content, rows, columns, 1, 16, "<")
    spent.append(time.process_time() - began)
print(json.dumps({"cpu_s": sorted(spent)[len(spent) // 2], "bytes": len(encoded)}))
