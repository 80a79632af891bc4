"""Serves a model written in Python.

Runs as a separate program, with SM_MODEL_DIR, SAGEMAKER_SUBMIT_DIRECTORY (the folder of the code), SAGEMAKER_PROGRAM
(a file in it, or nothing), FRESHPOINT_CONTAINER (which of AWS's containers it stands in for, or nothing) and PORT (0:
any free port) in its environment.

The program may define any of
- model_fn(model_dir): loads the model. Default: the content of model.json.
- input_fn(body, content_type): decodes a request; body is a str for text and JSON, else bytes.
  Default: JSON, CSV, NPY, text.
- predict_fn(data, model): the prediction. Default: model.predict(data).
- output_fn(prediction, accept): a str or bytes, or (body, content_type). Default: JSON, or CSV or NPY if accepted.
- transform_fn(model, body, content_type, accept): instead of the three before, as output_fn returns.
Each may have one more parameter, the context, as in the SageMaker inference toolkit. AWS's containers have other
defaults: python-containers.py.

This program needs only the standard library; the model's own imports must be installed.
"""

import importlib.util
import inspect
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
REQUIREMENTS = os.path.join(CODE_DIR, "requirements.txt")
CONTEXT = types.SimpleNamespace(system_properties={"model_dir": MODEL_DIR, "gpu_id": None})
UTF8_TYPES = ("application/json", "text/csv")
TEXT_TYPES = ("text/", "application/json", "application/jsonlines", "application/x-ndjson")


def module_of(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


containers = module_of("freshpoint_containers", os.path.join(os.path.dirname(__file__), "python-containers.py"))
Refused = containers.Refused
CONTAINER = containers.container_for(os.environ.get("FRESHPOINT_CONTAINER"), PROGRAM)


class State:
    ready = False
    module = None
    model = None


def call(name, *arguments):
    """Calls the program's function, with the context if it has a parameter for it, or else the container's."""
    found = getattr(State.module, name, None)
    if found is None:
        return getattr(CONTAINER, name)(*arguments)
    try:
        count = len(inspect.signature(found).parameters)
    except ValueError:
        count = len(arguments)
    return found(*arguments, CONTEXT) if count == len(arguments) + 1 else found(*arguments)


def load():
    try:
        sys.path.insert(0, CODE_DIR)
        if os.path.exists(REQUIREMENTS):
            print(f"code/requirements.txt is not installed: the model has what is installed for {sys.executable}.")
        if PROGRAM:
            name = os.path.splitext(os.path.basename(PROGRAM))[0]
            State.module = module_of(name, os.path.join(CODE_DIR, PROGRAM))
        if CONTAINER.requires_model_fn and not hasattr(State.module, "model_fn"):
            raise NotImplementedError("Please provide a model_fn implementation.")
        State.model = call("model_fn", MODEL_DIR)
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
    if not has("predict_fn") and not has("transform_fn") and not CONTAINER.can_predict(State.model):
        raise RuntimeError(f"{PROGRAM} defines no predict_fn, and the model cannot be used without one.")


def explanation(error):
    """What the user has to do, as the last line of the log."""
    if isinstance(error, SyntaxError):
        return f"{os.path.basename(error.filename or PROGRAM)} has a syntax error in line {error.lineno}: {error.msg}."
    if isinstance(error, ModuleNotFoundError):
        return (
            f"The package of the module {error.name} is not installed for {sys.executable}. Install it there, "
            "or put the module into the folder of the code."
        )
    return f"{PROGRAM or 'The container'} cannot load the model: {type(error).__name__}: {error}"


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
                raise Refused(413, "The request is larger than 25 MB.")
            body = self.rfile.read(length)
            if self.path != "/invocations":
                raise Refused(404, f"There is no POST {self.path}.")
            if not State.ready:
                raise Refused(503, "The model is not loaded yet.")
            content, kind = self.predict(body)
            self.send(200, content, kind)
        except Refused as error:
            self.send(error.status, str(error).encode(), "text/plain")
        except Exception as error:
            traceback.print_exc()
            self.send(CONTAINER.error_status, (str(error) or type(error).__name__).encode(), "text/plain")

    def predict(self, body):
        content_type = self.headers.get("Content-Type") or "application/json"
        accept = CONTAINER.accept_of(self.headers.get("Accept"))
        is_text = content_type.startswith(TEXT_TYPES) if CONTAINER.decodes_all_text else content_type in UTF8_TYPES
        data = body.decode("utf-8") if is_text else body
        if hasattr(State.module, "transform_fn"):
            output = call("transform_fn", State.model, data, content_type, accept)
        else:
            data = call("input_fn", data, content_type)
            output = call("output_fn", call("predict_fn", data, State.model), accept)
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
