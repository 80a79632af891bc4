import aws_cdk as cdk
from aws_cdk import aws_s3 as s3, aws_sns as sns, aws_sqs as sqs

app = cdk.App(analytics_reporting=False)
stack = cdk.Stack(app, "PythonApp")
bucket = s3.Bucket(stack, "Models", versioned=True)
queue = sqs.Queue(stack, "Work", visibility_timeout=cdk.Duration.minutes(2))
topic = sns.Topic(stack, "News")
cdk.CfnOutput(stack, "BucketName", value=bucket.bucket_name)
cdk.CfnOutput(stack, "Topic", value=topic.topic_arn)
app.synth()
