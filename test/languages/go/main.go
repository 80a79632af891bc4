package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssagemaker"
	"github.com/aws/jsii-runtime-go"
	"github.com/freshpoint/freshpoint-go/freshpointcdk"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})

	data := awscdk.NewStack(app, jsii.String("UsageData"), nil)
	bucket := awss3.NewBucket(data, jsii.String("Models"), nil)
	awscdk.NewCfnOutput(data, jsii.String("BucketName"), &awscdk.CfnOutputProps{Value: bucket.BucketName()})

	stack := awscdk.NewStack(app, jsii.String("Usage"), nil)
	role := awsiam.NewRole(stack, jsii.String("ModelRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("sagemaker.amazonaws.com"), nil),
	})
	bucket.GrantRead(role, nil)
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(
			"cloudwatch:PutMetricData",
			"ecr:GetAuthorizationToken",
			"ecr:BatchCheckLayerAvailability",
			"ecr:GetDownloadUrlForLayer",
			"ecr:BatchGetImage",
			"logs:CreateLogStream",
			"logs:PutLogEvents",
			"logs:CreateLogGroup",
			"logs:DescribeLogStreams",
		),
		Resources: jsii.Strings("*"),
	}))

	freshpointcdk.NewSagemakerEndpoint(stack, jsii.String("Endpoint"), &freshpointcdk.SagemakerEndpointProps{
		EndpointProps: &awssagemaker.CfnEndpointProps{
			EndpointName:       jsii.String("usage"),
			EndpointConfigName: jsii.String("usage"),
		},
		EndpointConfigProps: &awssagemaker.CfnEndpointConfigProps{
			ProductionVariants: []any{&awssagemaker.CfnEndpointConfig_ProductionVariantProperty{
				VariantName:          jsii.String("AllTraffic"),
				ModelName:            jsii.String("Iris"),
				InstanceType:         jsii.String("ml.m5.large"),
				InitialInstanceCount: jsii.Number(1),
			}},
		},
		ModelsProps: &[]*freshpointcdk.ModelProps{{
			Props: &awssagemaker.CfnModelProps{
				ExecutionRoleArn: role.RoleArn(),
				PrimaryContainer: &awssagemaker.CfnModel_ContainerDefinitionProperty{
					Image:        jsii.String("123456789012.dkr.ecr.us-east-1.amazonaws.com/iris:1"),
					ModelDataUrl: jsii.String("s3://" + *bucket.BucketName() + "/iris/model.tar.gz"),
				},
			},
			CustomId: jsii.String("Iris"),
		}},
		ModelsBucket: bucket,
		BucketEvents: &[]*freshpointcdk.BucketEvent{{
			EventType: awss3.EventType_OBJECT_CREATED,
			KeyFilters: &[]*awss3.NotificationKeyFilter{{
				Prefix: jsii.String("iris/"),
				Suffix: jsii.String(".tar.gz"),
			}},
		}},
		WaitTime: awscdk.Duration_Seconds(jsii.Number(1)),
	})

	app.Synth(nil)
}
