module freshpoint.dev/usage

go 1.26.0

require (
	github.com/aws/aws-cdk-go/awscdk/v2 v2.263.0
	github.com/aws/jsii-runtime-go v1.140.0
	github.com/freshpoint/freshpoint-go/freshpointcdk v0.1.0
)

// aws-cdk-go 2.257.0, the floor, requires this version, which not every module proxy serves. 2.263.0 does not use it.
exclude github.com/cdklabs/cloud-assembly-schema-go/awscdkcloudassemblyschema/v53 v53.28.0
