"""pylinac's field analysis: the width of a field in both directions, mm at the isocentre."""

import json
import sys
import warnings

from pylinac import Edge, FieldAnalysis, Normalization

warnings.simplefilter("ignore")
question = json.loads(sys.stdin.read())
analysis = FieldAnalysis(question["path"])
analysis.analyze(
    edge_detection_method=Edge.FWHM, normalization_method=Normalization.GEOMETRIC_CENTER
)
results = analysis.results_data()
print(
    json.dumps(
        {
            "x_mm": results.field_size_horizontal_mm,
            "y_mm": results.field_size_vertical_mm,
        }
    )
)
