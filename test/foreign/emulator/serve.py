"""
ministack with SageMaker, which it lacks: its API and its CloudFormation resources are bridged to $SAGEMAKER_URL.

SageMaker's bridge:
- requests to SageMaker are forwarded, once ministack has authenticated them and its IAM has allowed them;
- AWS::SageMaker::Model, EndpointConfig, Endpoint and ModelPackageGroup are created, updated and deleted through that
  API;
- the account's root may send events from aws.sagemaker, as SageMaker does.
Where ministack differs from AWS: aws:PrincipalArn of sessions, SenderId of SQS, the resources of ssm:GetParameters,
alarms with metric math. Plain HTTP on 127.0.0.1 is taken for secure transport.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

import botocore.session
from botocore.exceptions import ClientError
from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.iam_evaluator import caller_arn, enforce
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, iam, lambda_svc, sqs
from ministack.services.cloudformation import provisioners, stacks

URL = os.environ["SAGEMAKER_URL"]
POLL_SECONDS = 0.2
MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


# --- requests ---

# What a request names, by parameter, as in the Service Authorization Reference.
RESOURCES = {
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
    "ModelPackageGroupName": "model-package-group",
}


def resources(path, body):
    """The ARNs that a request must be allowed on."""
    if path.startswith("/endpoints/"):
        names = {"EndpointName": path.split("/")[2]}
    else:
        names = json.loads(body or b"{}")
    if "ModelPackageName" in names:
        return [names["ModelPackageName"]]  # An ARN.
    prefix = f"arn:aws:sagemaker:{get_region()}:{get_account_id()}"
    return [f"{prefix}:{kind}/{names[name].lower()}" for name, kind in RESOURCES.items() if name in names] or ["*"]


def first_resource(service, method, path, headers, body, *rest):
    if service == "sagemaker":
        return resources(path, body)[0]
    if service == "ssm" and headers.get("x-amz-target", "").endswith(".GetParameters"):
        # ministack judges it on "*"; here it is judged on its first name.
        name = json.loads(body)["Names"][0]
        return f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter/{name.lstrip('/')}"
    return extract_resource_arn(service, method, path, headers, body, *rest)


async def handle(method, path, headers, body, query):
    """ministack has checked the first resource; UpdateEndpoint names two."""
    key = router.extract_access_key_id(headers, query)
    action = iam_actions.extract_iam_action("sagemaker", method, path, headers, body, query)
    for arn in resources(path, body)[1:]:
        denied = enforce(key, action, "sagemaker", get_region(), resource_arn=arn)
        if denied:
            return iam_actions.access_denied_response(
                "sagemaker", action, denied.principal_arn, "bridge", headers=headers, resource_arn=arn
            )
    return await asyncio.to_thread(forward, method, path, headers, body)


def forward(method, path, headers, body):
    sent = {name: value for name, value in headers.items() if name not in ("host", "content-length", "connection")}
    request = urllib.request.Request(URL + path, data=body, headers=sent, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


extract_resource_arn = iam_actions.extract_resource_arn
iam_actions.extract_resource_arn = first_resource
iam_actions.SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"
iam_actions._BOTOCORE_SERVICE_MAP["sagemaker"] = ["sagemaker-runtime"]
router.SERVICE_PATTERNS["sagemaker"] = {"target_prefixes": ["SageMaker."]}
app.SERVICE_HANDLERS["sagemaker"] = handle

# --- CloudFormation ---

sagemaker = botocore.session.get_session().create_client(
    "sagemaker", endpoint_url=URL, region_name="us-east-1", aws_access_key_id="root", aws_secret_access_key="root"
)


# Their properties go to the API as they are.
KINDS = {"Model": "model", "EndpointConfig": "endpoint_config", "ModelPackageGroup": "model_package_group"}


def create(kind):
    def run(logical_id, properties, stack_name):
        name = {f"{kind}Name": provisioners._physical_name(stack_name, logical_id, max_len=63)}
        given = {**name, **properties}
        answer = getattr(sagemaker, f"create_{KINDS[kind]}")(**given)
        return answer[f"{kind}Arn"], {f"{kind}Name": given[f"{kind}Name"]}

    return run


def delete(kind):
    def run(physical_id, _properties):
        name = {f"{kind}Name": physical_id.rpartition("/")[2]}
        ignore_missing(lambda: getattr(sagemaker, f"delete_{KINDS[kind]}")(**name))

    return run


def ignore_missing(call):
    try:
        return call()
    except ClientError as error:
        if "Could not find" not in str(error):
            raise
        return None


CREATE_ONLY = ("EndpointName",)
UPDATE_ONLY = ("RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "RetainDeploymentConfig")


def create_endpoint(_logical_id, properties, _stack_name):
    given = {name: value for name, value in properties.items() if name not in UPDATE_ONLY}
    arn = sagemaker.create_endpoint(**given)["EndpointArn"]
    return arn, until_on_config(properties)


def update_endpoint(physical_id, _old, properties, _stack_name):
    sagemaker.update_endpoint(**{name: value for name, value in properties.items() if name != "Tags"})
    return physical_id, until_on_config(properties)


def delete_endpoint(_physical_id, properties):
    name = properties["EndpointName"]
    ignore_missing(lambda: sagemaker.delete_endpoint(EndpointName=name))
    while ignore_missing(lambda: sagemaker.describe_endpoint(EndpointName=name)):
        time.sleep(POLL_SECONDS)


def until_on_config(properties):
    """Waits for the end of what was started. Returns the attributes; fails unless the config is served."""
    name, config = properties["EndpointName"], properties["EndpointConfigName"]
    while True:
        found = sagemaker.describe_endpoint(EndpointName=name)
        if found["EndpointStatus"] not in MOVING:
            break
        time.sleep(POLL_SECONDS)
    if found["EndpointStatus"] != "InService" or found["EndpointConfigName"] != config:
        raise RuntimeError(f"{name} is {found['EndpointStatus']}: {found.get('FailureReason', 'no reason given')}")
    return {"EndpointName": name}


for kind in KINDS:
    of_kind = f"AWS::SageMaker::{kind}"
    provisioners._RESOURCE_HANDLERS[of_kind] = {"create": create(kind), "delete": delete(kind)}
    members = sagemaker.meta.service_model.operation_model(f"Create{kind}").input_shape.members
    provisioners._REPLACING_PROPERTIES[of_kind] = tuple(name for name in members if name != "Tags")
provisioners._RESOURCE_HANDLERS["AWS::SageMaker::Endpoint"] = {
    "create": create_endpoint,
    "update": update_endpoint,
    "delete": delete_endpoint,
}
provisioners._REPLACING_PROPERTIES["AWS::SageMaker::Endpoint"] = CREATE_ONLY

# SageMaker reads S3 while it creates a model, and endpoints take their time.
runs_on_worker_thread = stacks._runs_on_worker_thread
stacks._runs_on_worker_thread = lambda kind: kind.startswith("AWS::SageMaker::") or runs_on_worker_thread(kind)

# ministack refuses alarms with metric math: they are accepted and do nothing.
provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"] = {
    "create": lambda logical_id, _properties, stack: (f"{stack}-{logical_id}", {}),
    "update": lambda physical_id, *_rest: (physical_id, {}),
    "delete": lambda _physical_id, _properties: None,
}

# --- events ---

put_events = eventbridge._put_events
eventbridge._put_events = lambda data: put_events(data, allow_aws_source=caller_arn().endswith(":root"))

# --- senders: ministack names the account as the sender of every message ---


def sender_of(arn):
    """The caller as SQS shows it: a session by the id of its role."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return get_account_id()
    role, _, session = rest.partition("/")
    return f"{iam._roles[role]['RoleId']}:{session}"


def system_attributes(now, given):
    return {**build_send_sys_attrs(now, given), "SenderId": sender_of(caller_arn())}


def dispatch_batch(mapping, run, settings, function, event, batch, *rest):
    senders = {message["id"]: message["sys"]["SenderId"] for message in batch}
    for record in event["Records"]:
        record["attributes"]["SenderId"] = senders[record["messageId"]]
    dispatch_esm_batch(mapping, run, settings, function, event, batch, *rest)


build_send_sys_attrs = sqs._build_send_sys_attrs
sqs._build_send_sys_attrs = system_attributes
dispatch_esm_batch = lambda_svc._dispatch_esm_batch
lambda_svc._dispatch_esm_batch = dispatch_batch

# --- conditions: aws:PrincipalArn is the ARN of the role, and ministack's that of its session ---


def condition_key(key, context):
    if key.lower() == "aws:principalarn" and context.principal_type == "AssumedRole":
        return iam._roles[context.principal_arn.split("/")[1]]["Arn"]
    return resolve_condition_key(key, context)


resolve_condition_key = iam_evaluator._resolve_condition_key
iam_evaluator._resolve_condition_key = condition_key

# --- transport ---

pin_request_origin = app.pin_request_origin
app.pin_request_origin = lambda source_ip, _secure: pin_request_origin(source_ip, True)


def end_with_parent():
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_parent, daemon=True).start()
app.main()
