"""A model that says what it is. Runs in AWS's scikit-learn container, and on the local runtime's Python host."""

import hashlib
import json
import os
import time


def model_fn(model_dir):
    with open(os.path.join(model_dir, "model.json"), encoding="utf-8") as file:
        model = json.load(file)
    if model["name"] == "broken":
        raise ValueError("This model is meant to fail.")
    return {"name": model["name"], "folder": model_dir}


def input_fn(body, content_type):
    return json.loads(body)


def predict_fn(data, model):
    time.sleep(data.get("sleepSeconds", 0))
    digests = {path: digest(os.path.join(model["folder"], path)) for path in data.get("digestsOf", [])}
    return {"name": model["name"], "digests": digests}


def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"


def digest(path):
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
