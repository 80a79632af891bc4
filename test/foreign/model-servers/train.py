"""Trains the models, and writes the content of each archive, and what its library itself predicts, below a folder.

Usage: train.py <folder> <seed>
"""

import json
import os
import pickle
import shutil
import sys

import joblib
import numpy as np
import xgboost
from sklearn.linear_model import LinearRegression

folder, seed = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(seed)
rows = random.normal(size=(40, 3)).astype("float32")
target = rows @ np.array([1.0, -2.0, seed]) + 0.5
asked = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.25]], dtype="float32")


def archive(name, program):
    path = os.path.join(folder, name)
    os.makedirs(path)
    if program:
        source = os.path.join(os.path.dirname(__file__), program, "inference.py")
        os.makedirs(os.path.join(path, "code"))
        shutil.copy(source, os.path.join(path, "code"))
    return lambda file: os.path.join(path, file)


linear = LinearRegression().fit(rows, target)
joblib.dump(linear, archive("scikit-learn", "scikit-learn")("model.joblib"))

booster = xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(rows, label=target), num_boost_round=5)
booster.save_model(archive("xgboost-saved", None)("model.ubj"))
for name, program in (("xgboost-pickled", None), ("xgboost-program", "xgboost")):
    with open(archive(name, program)("xgboost-model"), "wb") as file:
        pickle.dump(booster, file)
contributions = booster.predict(xgboost.DMatrix(asked), pred_contribs=True)

weights = random.normal(size=3)
words = archive("huggingface", "huggingface")
np.save(words("model.npy"), np.eye(3) * seed)
with open(words("vocab.txt"), "w", encoding="utf-8") as file:
    file.write("hello big world")
for name in ("pytorch", "toolkit"):
    np.save(archive(name, name)("model.npy"), weights)

boosted = booster.predict(xgboost.DMatrix(asked))
expected = {
    "scikit-learn": linear.predict(asked),
    "xgboost": boosted,
    "contributions": np.hstack((boosted[:, np.newaxis], contributions)),
    "huggingface": np.array([0.5, 0, 0.5]) * seed,
    "weights": asked @ weights,
}
npy = os.path.join(folder, "asked.npy")
np.save(npy, asked)
print(json.dumps({name: values.tolist() for name, values in expected.items()}))
