import os
import pickle

import numpy as np
from sagemaker_xgboost_container import encoder as xgb_encoders


def model_fn(model_dir):
    with open(os.path.join(model_dir, "xgboost-model"), "rb") as file:
        return pickle.load(file)


def input_fn(request_body, request_content_type):
    if request_content_type == "text/libsvm":
        return xgb_encoders.libsvm_to_dmatrix(request_body)
    raise ValueError(f"Content type {request_content_type} is not supported.")


def predict_fn(input_data, model):
    prediction = model.predict(input_data)
    feature_contribs = model.predict(input_data, pred_contribs=True, validate_features=False)
    return np.hstack((prediction[:, np.newaxis], feature_contribs))


def output_fn(predictions, content_type):
    if content_type == "text/csv":
        return ",".join(str(x) for x in predictions[0])
    raise ValueError(f"Content type {content_type} is not supported.")
