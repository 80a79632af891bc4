package dev.freshpoint.usage;

import dev.freshpoint.cdk.BucketEvent;
import dev.freshpoint.cdk.ModelProps;
import dev.freshpoint.cdk.SagemakerEndpoint;
import java.util.List;
import software.amazon.awscdk.App;
import software.amazon.awscdk.AppProps;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.iam.PolicyStatement;
import software.amazon.awscdk.services.iam.Role;
import software.amazon.awscdk.services.iam.ServicePrincipal;
import software.amazon.awscdk.services.s3.Bucket;
import software.amazon.awscdk.services.s3.EventType;
import software.amazon.awscdk.services.s3.NotificationKeyFilter;
import software.amazon.awscdk.services.sagemaker.CfnEndpointConfig.ProductionVariantProperty;
import software.amazon.awscdk.services.sagemaker.CfnEndpointConfigProps;
import software.amazon.awscdk.services.sagemaker.CfnEndpointProps;
import software.amazon.awscdk.services.sagemaker.CfnModel.ContainerDefinitionProperty;
import software.amazon.awscdk.services.sagemaker.CfnModelProps;

public final class UsageApp {
    public static void main(final String[] args) {
        final App app = new App(AppProps.builder().analyticsReporting(false).build());

        final Stack data = new Stack(app, "UsageData");
        final Bucket bucket = new Bucket(data, "Models");
        CfnOutput.Builder.create(data, "BucketName").value(bucket.getBucketName()).build();

        final Stack stack = new Stack(app, "Usage");
        final Role role = Role.Builder.create(stack, "ModelRole")
                .assumedBy(new ServicePrincipal("sagemaker.amazonaws.com"))
                .build();
        bucket.grantRead(role);
        role.addToPolicy(PolicyStatement.Builder.create()
                .actions(List.of(
                        "cloudwatch:PutMetricData",
                        "ecr:GetAuthorizationToken",
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:GetDownloadUrlForLayer",
                        "ecr:BatchGetImage",
                        "logs:CreateLogStream",
                        "logs:PutLogEvents",
                        "logs:CreateLogGroup",
                        "logs:DescribeLogStreams"))
                .resources(List.of("*"))
                .build());

        SagemakerEndpoint.Builder.create(stack, "Endpoint")
                .endpointProps(CfnEndpointProps.builder()
                        .endpointName("usage")
                        .endpointConfigName("usage")
                        .build())
                .endpointConfigProps(CfnEndpointConfigProps.builder()
                        .productionVariants(List.of(ProductionVariantProperty.builder()
                                .variantName("AllTraffic")
                                .modelName("Iris")
                                .instanceType("ml.m5.large")
                                .initialInstanceCount(1)
                                .build()))
                        .build())
                .modelsProps(List.of(ModelProps.builder()
                        .props(CfnModelProps.builder()
                                .executionRoleArn(role.getRoleArn())
                                .primaryContainer(ContainerDefinitionProperty.builder()
                                        .image("123456789012.dkr.ecr.us-east-1.amazonaws.com/iris:1")
                                        .modelDataUrl("s3://" + bucket.getBucketName() + "/iris/model.tar.gz")
                                        .build())
                                .build())
                        .customId("Iris")
                        .build()))
                .modelsBucket(bucket)
                .bucketEvents(List.of(BucketEvent.builder()
                        .eventType(EventType.OBJECT_CREATED)
                        .keyFilters(List.of(NotificationKeyFilter.builder()
                                .prefix("iris/")
                                .suffix(".tar.gz")
                                .build()))
                        .build()))
                .waitTime(Duration.seconds(1))
                .build();

        app.synth();
    }
}
