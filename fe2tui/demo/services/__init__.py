"""The operations of the services beside EC2: sts, ssm, cloudwatch, service-quotas and pricing."""
