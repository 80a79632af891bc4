"""
One upload and one download with boto3 and its defaults: parts of 8 MiB, ten at once.
Usage: transfer-client.py <url> <file> <folder>; prints {"upload": MB/s, "download": MB/s}.
"""

import json
import os
import sys
import time

import boto3

url, file, folder = sys.argv[1:]
size = os.path.getsize(file)
s3 = boto3.client(
    "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="bench", aws_secret_access_key="bench"
)
bucket = f"bench-{os.getpid()}"
copy = os.path.join(folder, bucket)
s3.create_bucket(Bucket=bucket)


def rate(transfer):
    # What was written before would be written back meanwhile.
    os.sync()
    start = time.perf_counter()
    transfer()
    return size / 1e6 / (time.perf_counter() - start)


upload = rate(lambda: s3.upload_file(file, bucket, "model"))
download = rate(lambda: s3.download_file(bucket, "model", copy))
if os.path.getsize(copy) != size:
    raise SystemExit(f"Downloaded {os.path.getsize(copy)} bytes of {size}.")
os.remove(copy)
# Many rounds would fill the disk or the memory.
s3.delete_object(Bucket=bucket, Key="model")
print(json.dumps({"upload": upload, "download": download}))
