"""Serves a model written in Python.

Runs as a separate program, with SM_MODEL_DIR, SAGEMAKER_SUBMIT_DIRECTORY (the folder of the code), SAGEMAKER_PROGRAM
(a file in it) and PORT (0: any free port) in its environment.

The program may define any of
- model_fn(model_dir): loads the model. Default: the content of model.json.
- input_fn(body, content_type): decodes a request; body is a str for text and JSON, else bytes.
  Default: JSON, CSV, text.
- predict_fn(data, model): the prediction. Default: model.predict(data).
- output_fn(prediction, accept): a str or bytes, or (body, content_type). Default: JSON, or CSV if accepted.
- transform_fn(model, body, content_type, accept): instead of the three before, as output_fn returns.
Each may have one more parameter, the context, as in the SageMaker inference toolkit.

This program needs only the standard library; the model's own imports must be installed.
"""

import importlib.util
import inspect
import json
import os
import signal
import sys
import threading
import traceback
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BYTES = 25 * 1024 * 1024
MODEL_DIR = os.environ.get("SM_MODEL_DIR", "/opt/ml/model")
PROGRAM = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
CODE_DIR = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", os.path.join(MODEL_DIR, "code"))
CONTEXT = types.SimpleNamespace(system_properties={"model_dir": MODEL_DIR, "gpu_id": None})
TEXT_TYPES = ("text/", "application/json", "application/jsonlines", "application/x-ndjson")


class BadRequest(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def default_model(model_dir):
    path = os.path.join(model_dir, "model.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def cell(text):
    try:
        return float(text)
    except ValueError:
        return text.strip()


def decode(body, content_type):
    kind = content_type.split(";")[0].strip()
    if kind == "application/json":
        try:
            return json.loads(body)
        except ValueError as error:
            raise BadRequest(400, f"The request is not valid JSON: {error}") from error
    if kind == "text/csv":
        return [[cell(text) for text in row.split(",")] for row in body.splitlines() if row.strip()]
    if kind in ("text/plain", "application/octet-stream"):
        return body
    raise BadRequest(
        415, f"The content type {kind} is not supported. Send application/json or text/csv, or define an input_fn."
    )


def plain(value):
    """Converts arrays and numbers of numpy and similar libraries."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: define an output_fn.")


def encode(prediction, accept):
    kinds = [kind.split(";")[0].strip() for kind in accept.split(",")]
    if "text/csv" in kinds and "application/json" not in kinds:
        value = prediction.tolist() if hasattr(prediction, "tolist") else prediction
        rows = value if isinstance(value, (list, tuple)) else [value]
        lines = [",".join(map(str, row)) if isinstance(row, (list, tuple)) else str(row) for row in rows]
        return "\n".join(lines), "text/csv"
    if any(kind in ("application/json", "application/*", "*/*", "") for kind in kinds):
        return json.dumps(prediction, default=plain), "application/json"
    raise BadRequest(406, f"{accept} is not supported. Accept application/json or text/csv, or define an output_fn.")


class State:
    ready = False
    module = None
    model = None


def function(name, default):
    return getattr(State.module, name, default)


def call(name, default, *arguments):
    """Calls the program's function, with the context if it has a parameter for it."""
    found = function(name, default)
    if found is default:
        return found(*arguments)
    try:
        count = len(inspect.signature(found).parameters)
    except ValueError:
        count = len(arguments)
    return found(*arguments, CONTEXT) if count == len(arguments) + 1 else found(*arguments)


def load():
    try:
        path = os.path.join(CODE_DIR, PROGRAM)
        name = os.path.splitext(os.path.basename(PROGRAM))[0]
        sys.path.insert(0, CODE_DIR)
        spec = importlib.util.spec_from_file_location(name, path)
        State.module = importlib.util.module_from_spec(spec)
        sys.modules[name] = State.module
        spec.loader.exec_module(State.module)
        State.model = call("model_fn", default_model, MODEL_DIR)
        check_functions()
        State.ready = True
    except BaseException as error:
        traceback.print_exc()
        print(explanation(error), file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)


def check_functions():
    has = lambda name: hasattr(State.module, name)
    if has("transform_fn") and any(map(has, ("input_fn", "predict_fn", "output_fn"))):
        raise RuntimeError(f"{PROGRAM} defines transform_fn, which takes the place of input_fn, predict_fn and output_fn.")
    if not has("predict_fn") and not has("transform_fn") and not hasattr(State.model, "predict"):
        raise RuntimeError(f"{PROGRAM} defines no predict_fn, and the model has no method predict.")


def explanation(error):
    """What the user has to do, as the last line of the log."""
    if isinstance(error, SyntaxError):
        return f"{os.path.basename(error.filename or PROGRAM)} has a syntax error in line {error.lineno}: {error.msg}."
    if isinstance(error, ModuleNotFoundError):
        return (
            f"The package of the module {error.name} is not installed for {sys.executable}. Install it there, "
            "or put the module into the folder of the code."
        )
    return f"{PROGRAM} cannot load the model: {type(error).__name__}: {error}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm the body would wait for the acknowledgement of the headers.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        if self.path == "/ping":
            self.send(200 if State.ready else 503, b"", "text/plain")
        else:
            self.send(404, f"There is no GET {self.path}.".encode(), "text/plain")

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BYTES:
                self.close_connection = True
                raise BadRequest(413, "The request is larger than 25 MB.")
            body = self.rfile.read(length)
            if self.path != "/invocations":
                raise BadRequest(404, f"There is no POST {self.path}.")
            if not State.ready:
                raise BadRequest(503, "The model is not loaded yet.")
            content, kind = self.predict(body)
            self.send(200, content, kind)
        except BadRequest as error:
            self.send(error.status, str(error).encode(), "text/plain")
        except Exception as error:
            traceback.print_exc()
            self.send(500, (str(error) or type(error).__name__).encode(), "text/plain")

    def predict(self, body):
        content_type = self.headers.get("Content-Type") or "application/json"
        accept = self.headers.get("Accept") or "*/*"
        data = body.decode("utf-8") if content_type.startswith(TEXT_TYPES) else body
        if hasattr(State.module, "transform_fn"):
            output = call("transform_fn", None, State.model, data, content_type, accept)
        else:
            data = call("input_fn", decode, data, content_type)
            prediction = call("predict_fn", lambda value, model: model.predict(value), data, State.model)
            output = call("output_fn", encode, prediction, accept)
        if isinstance(output, tuple):
            content, kind = output
        else:
            content, kind = output, "application/json" if "*" in accept else accept
        if isinstance(content, str):
            content = content.encode("utf-8")
        if not isinstance(content, (bytes, bytearray)):
            raise TypeError(
                f"output_fn must return str or bytes, or (body, content_type); it returned {type(content).__name__}"
            )
        return content, kind

    def send(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = Server(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
print(f"@freshpoint-model-host port={server.server_address[1]}", flush=True)
threading.Thread(target=load, daemon=True).start()
server.serve_forever()
