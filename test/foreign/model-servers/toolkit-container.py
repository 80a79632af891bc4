"""The entry point of a container with the SageMaker inference toolkit, served by AWS’s multi-model-server.

The toolkit's own `start_model_server` writes to /etc, and listens on all addresses.
"""

import os
import signal
import subprocess
import sys
import tempfile

model_dir, port = os.environ["SM_MODEL_DIR"], os.environ["SAGEMAKER_BIND_TO_PORT"]
bin_dir = os.path.dirname(sys.executable)
# The signal reaches the server, too: both are in one process group.
signal.signal(signal.SIGTERM, lambda *_: None)
# The path of a socket must be short.
with tempfile.TemporaryDirectory(prefix="mms-") as folder:
    properties = os.path.join(folder, "mms.properties")
    with open(properties, "w", encoding="utf-8") as file:
        file.write(
            f"""inference_address=http://127.0.0.1:{port}
management_address=http://127.0.0.1:{port}
default_service_handler=sagemaker_inference.default_handler_service
default_workers_per_model=1
decode_input_request=false
load_models=ALL
vmargs=-Djava.io.tmpdir={folder}
"""
        )
    environment = {
        **os.environ,
        "TMPDIR": folder,
        "PATH": os.pathsep.join([bin_dir, os.environ["PATH"]]),
        "PYTHONPATH": os.path.join(model_dir, "code"),
    }
    arguments = ["--start", "--foreground", "--model-store", "/", "--mms-config", properties]
    server = os.path.join(bin_dir, "multi-model-server")
    status = subprocess.call([server, *arguments, "--models", f"model={model_dir}"], env=environment)
sys.exit(status)
