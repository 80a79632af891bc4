"""What AWS's containers do where a model's program does not define a function, by the name of the container's image.

Each follows the source of its container: sagemaker-scikit-learn-container, sagemaker-xgboost-container,
sagemaker-huggingface-inference-toolkit and sagemaker-pytorch-inference-toolkit. Their packages (numpy, xgboost, torch)
are imported when they are needed.
"""

import csv
import io
import json
import os
import sys
import types

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"


class Refused(Exception):
    """A request that is answered with this status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def media_type(text):
    return text.split(";")[0].strip().lower()


def kinds_of(accept):
    return [media_type(kind) for kind in accept.split(",")]


def plain(value):
    """Converts arrays and numbers of numpy and similar libraries."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: define an output_fn.")


def bytes_of_array(prediction):
    import numpy

    file = io.BytesIO()
    numpy.save(file, prediction)
    return file.getvalue()


def lines_of_array(prediction):
    import numpy

    file = io.StringIO()
    numpy.savetxt(file, numpy.asarray(prediction), delimiter=",", fmt="%s")
    return file.getvalue()


ENCODERS = {JSON: lambda prediction: json.dumps(prediction, default=plain), CSV: lines_of_array, NPY: bytes_of_array}


def array_of_bytes(body):
    import numpy

    # The containers for scikit-learn 1.4 and later read no pickled objects, either.
    return numpy.load(io.BytesIO(body), allow_pickle=False)


class Container:
    """Any other image: plain values, without numpy."""

    default_accept = JSON
    # True if text reaches input_fn as str whatever its type is.
    decodes_all_text = True
    requires_model_fn = False
    error_status = 500
    # Of a type that input_fn or output_fn does not know.
    unsupported_statuses = (415, 406)

    def accept_of(self, header):
        accepts_any = not header or header == "*/*"
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", self.default_accept) if accepts_any else header

    def model_fn(self, model_dir):
        path = os.path.join(model_dir, "model.json")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def can_predict(self, model):
        return hasattr(model, "predict")

    def input_fn(self, body, content_type):
        kind = media_type(content_type)
        if kind == JSON:
            try:
                return json.loads(body)
            except ValueError as error:
                raise Refused(400, f"The request is not valid JSON: {error}") from error
        if kind == CSV:
            return [[self._cell(text) for text in row.split(",")] for row in body.splitlines() if row.strip()]
        if kind == NPY:
            return array_of_bytes(body)
        if kind in ("text/plain", "application/octet-stream"):
            return body
        raise Refused(
            415, f"The content type {kind} is not supported. Send {JSON}, {CSV} or {NPY}, or define an input_fn."
        )

    @staticmethod
    def _cell(text):
        try:
            return float(text)
        except ValueError:
            return text.strip()

    def predict_fn(self, data, model):
        return model.predict(data)

    def output_fn(self, prediction, accept):
        kinds = kinds_of(accept)
        if NPY in kinds:
            return bytes_of_array(prediction), NPY
        if CSV in kinds and JSON not in kinds:
            value = prediction.tolist() if hasattr(prediction, "tolist") else prediction
            rows = value if isinstance(value, (list, tuple)) else [value]
            lines = [",".join(map(str, row)) if isinstance(row, (list, tuple)) else str(row) for row in rows]
            return "\n".join(lines), CSV
        if any(kind in (JSON, "application/*", "*/*", "") for kind in kinds):
            return ENCODERS[JSON](prediction), JSON
        raise Refused(406, f"{accept} is not supported. Accept {JSON}, {CSV} or {NPY}, or define an output_fn.")


class Arrays(Container):
    """What AWS's containers share: numpy's arrays in and out, and a model_fn of one's own."""

    decodes_all_text = False
    requires_model_fn = True

    def input_fn(self, body, content_type):
        import numpy

        if content_type == JSON:
            return numpy.array(json.loads(body))
        if content_type == CSV:
            return self.rows_of_csv(body)
        if content_type == NPY:
            return array_of_bytes(body)
        raise Refused(
            self.unsupported_statuses[0], f"The content type {content_type} is not supported: define an input_fn."
        )

    def rows_of_csv(self, text):
        import numpy

        return numpy.genfromtxt(io.StringIO(text), dtype=None, delimiter=",")

    def output_fn(self, prediction, accept):
        for kind in accept.replace(" ", "").split(","):
            if kind in ENCODERS:
                return ENCODERS[kind](prediction), kind
        raise Refused(self.unsupported_statuses[1], f"{accept} is not supported: define an output_fn.")


class ScikitLearn(Arrays):
    def input_fn(self, body, content_type):
        data = super().input_fn(body, content_type)
        return data.astype("float32") if content_type in (JSON, CSV) else data

    def rows_of_csv(self, text):
        import numpy

        # One row becomes an array of one dimension, as in AWS's container: most models refuse it.
        return numpy.array(list(csv.reader(io.StringIO(text), strict=True))).squeeze()


class XGBoost(Arrays):
    """With a program: SAGEMAKER_PROGRAM."""

    def __init__(self):
        # AWS's example imports this package of the container.
        package = types.ModuleType("sagemaker_xgboost_container")
        package.encoder = types.ModuleType("sagemaker_xgboost_container.encoder")
        package.encoder.csv_to_dmatrix = self.rows_of_csv
        package.encoder.libsvm_to_dmatrix = self.rows_of_libsvm
        for module in (package, package.encoder):
            sys.modules.setdefault(module.__name__, module)

    def input_fn(self, body, content_type):
        kind = media_type(content_type)
        if kind == CSV:
            return self.rows_of_csv(body)
        if kind in ("text/libsvm", "text/x-libsvm"):
            return self.rows_of_libsvm(body)
        raise Refused(415, f"The content type {content_type} is not supported: send text/csv or text/libsvm.")

    def rows_of_csv(self, body, dtype=float):
        import numpy
        import xgboost

        text = (body.decode() if isinstance(body, bytes) else body).strip()
        found = csv.Sniffer().sniff(text.split("\n")[0][:512]).delimiter
        delimiter = "," if found.isalnum() else found
        rows = [[cell or "nan" for cell in row.split(delimiter)] for row in text.split("\n")]
        return xgboost.DMatrix(numpy.array(rows).astype(dtype))

    def rows_of_libsvm(self, body):
        import numpy
        import xgboost

        text = body.decode() if isinstance(body, bytes) else body
        pairs = [[cell.split(":") for cell in row.split() if ":" in cell] for row in text.strip().split("\n")]
        indices = [int(index) for row in pairs for index, _ in row]
        first = 1 if indices and min(indices) >= 1 else 0
        data = numpy.zeros((len(pairs), max(indices, default=-1) - first + 1))
        for number, row in enumerate(pairs):
            for index, value in row:
                data[number, int(index) - first] = float(value)
        return xgboost.DMatrix(data)

    def predict_fn(self, data, model):
        return model.predict(data, validate_features=False)


class XGBoostAlgorithm(XGBoost):
    """Without a program: the built-in algorithm, with the model in a file at the root of the archive."""

    default_accept = CSV
    requires_model_fn = False

    def model_fn(self, model_dir):
        import pickle

        import xgboost

        files = [name for name in sorted(os.listdir(model_dir)) if not name.startswith(".")]
        files = [path for path in (os.path.join(model_dir, name) for name in files) if os.path.isfile(path)]
        if len(files) != 1:
            # AWS's container takes several files for an ensemble, which is not simulated.
            raise ValueError(f"the archive must have one file at its root, XGBoost's model. It has {len(files)}")
        try:
            with open(files[0], "rb") as file:
                return pickle.load(file)
        except Exception:
            booster = xgboost.Booster()
            booster.load_model(files[0])
            return booster

    def can_predict(self, model):
        return True

    def input_fn(self, body, content_type):
        if not body:
            raise Refused(204, "")
        try:
            return super().input_fn(body, content_type)
        except (ValueError, csv.Error) as error:
            raise Refused(415, f"Loading {content_type} failed: {error}") from error

    def predict_fn(self, data, model):
        try:
            return super().predict_fn(data, model)
        except Exception as error:
            raise Refused(400, f"Unable to evaluate payload provided: {error}") from error

    def output_fn(self, prediction, accept):
        kind = media_type(accept)
        if kind == JSON:
            return json.dumps({"predictions": [{"score": score} for score in prediction.tolist()]}), JSON
        if kind == CSV:
            return lines_of_array(prediction.tolist()), CSV
        raise Refused(406, f"Accept type {accept} is not supported. Please use: {JSON}, {CSV}.")


class HuggingFace(Arrays):
    """Without the pipelines of transformers: the program needs a model_fn, whose model can be called or has a predict_fn."""

    # All errors of a model are 400.
    error_status = 400
    unsupported_statuses = (400, 400)

    def input_fn(self, body, content_type):
        if content_type == JSON:
            return json.loads(body)
        if content_type == CSV:
            rows = list(csv.DictReader(io.StringIO(body)))
            if not rows or not {"question", "context", "inputs"} & set(rows[0]):
                raise Refused(400, "You need to provide the correct CSV with Header columns to use it.")
            return {"inputs": [row["inputs"] for row in rows] if "inputs" in rows[0] else rows}
        return super().input_fn(body, content_type)

    def can_predict(self, model):
        return callable(model)

    def predict_fn(self, data, model):
        inputs = data.pop("inputs", data)
        return model(inputs, **(data.pop("parameters", None) or {}))

    def output_fn(self, prediction, accept):
        if accept == JSON:
            separators = (",", ":")
            text = json.dumps(prediction, ensure_ascii=False, allow_nan=False, separators=separators, default=plain)
            return text, JSON
        if accept == CSV:
            file = io.StringIO()
            rows = prediction if isinstance(prediction, list) else list(prediction)
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
            return file.getvalue(), CSV
        if accept == NPY:
            return bytes_of_array(prediction), NPY
        raise Refused(400, f"Content type {accept} is not supported by this framework.")


class PyTorch(Arrays):
    requires_model_fn = False
    unsupported_statuses = (500, 500)

    def model_fn(self, model_dir):
        import torch

        names = [name for name in os.listdir(model_dir) if name.endswith((".pt", ".pth"))]
        if "model.pt" not in names and len(names) != 1:
            raise ValueError(f"exactly one .pth or .pt file is required without a model_fn; found {names}")
        return torch.jit.load(os.path.join(model_dir, "model.pt" if "model.pt" in names else names[0]), "cpu")

    def input_fn(self, body, content_type):
        import torch

        data = super().input_fn(body, content_type)
        return torch.FloatTensor(data) if content_type in (JSON, CSV) else torch.from_numpy(data)

    def can_predict(self, model):
        return callable(model)

    def predict_fn(self, data, model):
        import torch

        with torch.no_grad():
            model.eval()
            return model(data)

    def output_fn(self, prediction, accept):
        value = prediction.detach().cpu().numpy().tolist() if hasattr(prediction, "detach") else prediction
        return super().output_fn(value, accept)


CONTAINERS = {
    "scikit-learn": ScikitLearn,
    "xgboost": XGBoost,
    "huggingface": HuggingFace,
    "pytorch": PyTorch,
}


def container_for(name, program):
    return XGBoostAlgorithm() if name == "xgboost" and not program else CONTAINERS.get(name, Container)()
