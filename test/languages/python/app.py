"""The usage of b-cfn-sagemaker-endpoint, line by line, in CDK v2."""

from aws_cdk import App, CfnOutput, Duration, Stack
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_s3 import Bucket, EventType, NotificationKeyFilter
from aws_cdk.aws_sagemaker import (
    CfnEndpointConfig,
    CfnEndpointConfigProps,
    CfnEndpointProps,
    CfnModel,
    CfnModelProps,
)
from freshpoint_cdk import BucketEvent, ModelProps, SagemakerEndpoint

app = App(analytics_reporting=False)

data = Stack(app, "UsageData")
bucket = Bucket(data, "Models")
CfnOutput(data, "BucketName", value=bucket.bucket_name)

stack = Stack(app, "Usage")
role = Role(
    stack, "ModelRole", assumed_by=ServicePrincipal("sagemaker.amazonaws.com")
)
bucket.grant_read(role)
role.add_to_policy(
    PolicyStatement(
        actions=[
            "cloudwatch:PutMetricData",
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:CreateLogGroup",
            "logs:DescribeLogStreams",
        ],
        resources=["*"],
    )
)

example_model_props = ModelProps(
    props=CfnModelProps(
        execution_role_arn=role.role_arn,
        primary_container=CfnModel.ContainerDefinitionProperty(
            image="123456789012.dkr.ecr.us-east-1.amazonaws.com/iris:1",
            model_data_url=f"s3://{bucket.bucket_name}/iris/model.tar.gz",
        ),
    ),
    custom_id="Iris",
)
example_endpoint_config_props = CfnEndpointConfigProps(
    production_variants=[
        CfnEndpointConfig.ProductionVariantProperty(
            variant_name="AllTraffic",
            model_name="Iris",
            instance_type="ml.m5.large",
            initial_instance_count=1,
        )
    ]
)
example_endpoint_props = CfnEndpointProps(
    endpoint_name="usage", endpoint_config_name="usage"
)

SagemakerEndpoint(
    scope=stack,
    id="Endpoint",
    endpoint_props=example_endpoint_props,
    endpoint_config_props=example_endpoint_config_props,
    models_props=[example_model_props],
    models_bucket=bucket,
    bucket_events=[
        BucketEvent(
            event_type=EventType.OBJECT_CREATED,
            key_filters=[NotificationKeyFilter(prefix="iris/", suffix=".tar.gz")],
        )
    ],
    wait_time=Duration.seconds(1),
)

app.synth()
