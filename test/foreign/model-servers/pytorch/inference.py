"""AWS's example of the four functions, with numpy in place of torch."""

import json
import os

import numpy as np


def model_fn(model_dir, context):
    return np.load(os.path.join(model_dir, "model.npy"))


def input_fn(request_body, request_content_type, context):
    assert request_content_type == "application/json"
    return np.array(json.loads(request_body)["inputs"])


def predict_fn(input_object, model, context):
    return input_object @ model


def output_fn(predictions, response_content_type, context):
    return json.dumps(predictions.tolist())
