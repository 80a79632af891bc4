"""Part of each model.tar.gz, as code/inference.py next to model.json.

SageMaker's container for scikit-learn runs it, and so does the local runtime. It answers as inference.mjs does, and
needs the standard library only.
"""

import json
import math
import os


def model_fn(model_dir):
    """Loads the model when the container starts. With an unreadable file, the container never becomes healthy."""
    with open(os.path.join(model_dir, os.environ.get("MODEL_FILE", "model.json")), encoding="utf-8") as file:
        return json.load(file)


def input_fn(body, content_type="text/csv"):
    """text/csv: one row per line. application/json: a list of rows, or {"instances": rows}."""
    text = body if isinstance(body, str) else bytes(body).decode("utf-8")
    rows = from_json(json.loads(text)) if content_type.startswith("application/json") else from_csv(text)
    for row in rows:
        if len(row) != 4 or not all(is_number(cell) for cell in row):
            raise ValueError(f"Expected rows of 4 numbers, got {row}")
    return rows


def predict_fn(rows, model):
    """The species of each row."""
    return {"predictions": [decide(model["tree"], row) for row in rows], "model": model["name"]}


def output_fn(prediction, accept):
    """{"predictions": ["setosa", …], "model": "v1"}"""
    return json.dumps(prediction), "application/json"


def decide(node, row):
    if "species" in node:
        return node["species"]
    return decide(node["yes"] if row[node["feature"]] < node["below"] else node["no"], row)


def is_number(cell):
    return isinstance(cell, (int, float)) and not isinstance(cell, bool) and math.isfinite(cell)


def from_json(value):
    rows = value.get("instances") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise ValueError("Expected a list of rows")
    return rows


def from_csv(text):
    return [[float(cell) for cell in line.split(",")] for line in text.strip().split("\n")]
