"""pylinac's Winston-Lutz: from the field's centre to the ball in each image, mm (right, up)."""

import json
import sys
import warnings

from pylinac import WinstonLutz

warnings.simplefilter("ignore")
question = json.loads(sys.stdin.read())
test = WinstonLutz(question["folder"])
test.analyze(bb_size_mm=question["bb_size_mm"])
print(
    json.dumps(
        {
            image.base_path: [float(image.cax2bb_vector.x), float(image.cax2bb_vector.y)]
            for image in test.images
        }
    )
)
