"""pylinac's Winston-Lutz over all images: the shift that brings the ball to the isocentre (mm).

x to the right of one who faces the gantry, y to the gantry, z up. ``epid_mm`` is the largest
distance from the field's centre to the panel's, ``ball_mm`` to the ball.
"""

import json
import sys
import warnings

from pylinac import WinstonLutz

warnings.simplefilter("ignore")
question = json.loads(sys.stdin.read())
test = WinstonLutz(question["folder"])
test.analyze(bb_size_mm=question["bb_size_mm"])
shift = test.bb_shift_vector
print(
    json.dumps(
        {
            "shift_mm": [float(shift.x), float(shift.y), float(shift.z)],
            "ball_mm": max(float(image.cax2bb_distance) for image in test.images),
            "epid_mm": max(float(image.cax2epid_distance) for image in test.images),
            "images": len(test.images),
        }
    )
)
