"""Calls every operation of EKS with the least input that boto3 takes, and prints what each call came to as JSON."""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def least(shape):
    """A value of a shape: required members alone, lists and texts as short as they may be."""
    if shape.type_name == "structure":
        return {name: least(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [least(shape.member) for _ in range(max(1, shape.metadata.get("min", 1)))]
    if shape.type_name == "map":
        return {least(shape.key): least(shape.value)}
    if shape.type_name == "boolean":
        return True
    if shape.type_name in ("integer", "long"):
        return shape.metadata.get("min", 1)
    return (shape.enum or ["nobody"])[0]


# Two tries: an answer that makes a client try again shows.
client = boto3.client("eks", config=Config(retries={"total_max_attempts": 2, "mode": "standard"}, read_timeout=20))
outcomes = {}
for method, operation in sorted(client.meta.method_to_api_mapping.items()):
    model = client.meta.service_model.operation_model(operation)
    arguments = least(model.input_shape) if model.input_shape else {}
    try:
        response = getattr(client, method)(**arguments)
        code = "Success"
    except ClientError as error:
        response = error.response
        code = response["Error"]["Code"]
    metadata = response["ResponseMetadata"]
    outcomes[operation] = {
        "status": metadata["HTTPStatusCode"],
        "code": code,
        "retries": metadata["RetryAttempts"],
        "message": response.get("Error", {}).get("Message", ""),
    }
print(json.dumps(outcomes))
