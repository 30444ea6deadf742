"""Asks a port of this machine for a service's health, as grpc_health_probe does: prints what Check
answers, and what Watch tells first. With a certificate it asks in TLS."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

port, service = sys.argv[1:3]
target = f"127.0.0.1:{port}"
if len(sys.argv) > 3:
    with open(sys.argv[3], "rb") as file:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()))
else:
    channel = grpc.insecure_channel(target)

names = health_pb2.HealthCheckResponse.ServingStatus.Name
with channel:
    health = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=service)
    try:
        print(names(health.Check(request, timeout=60).status))
    except grpc.RpcError as error:
        print(error.code().name)
    watch = health.Watch(request, timeout=60)
    print(names(next(watch).status))
    watch.cancel()
