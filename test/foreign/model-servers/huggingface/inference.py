"""AWS's example of sentence embeddings, with a bag of words in place of transformers."""

import os

import numpy as np


def model_fn(model_dir):
    model = np.load(os.path.join(model_dir, "model.npy"))
    with open(os.path.join(model_dir, "vocab.txt"), encoding="utf-8") as file:
        tokenizer = file.read().split()
    return model, tokenizer


def predict_fn(data, model_and_tokenizer):
    model, tokenizer = model_and_tokenizer
    sentences = data.pop("inputs", data)
    embeddings = model[[tokenizer.index(word) for word in sentences.split()]].mean(axis=0)
    return {"vectors": embeddings}
