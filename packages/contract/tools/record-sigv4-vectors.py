#!/usr/bin/env python3
"""Records what botocore, boto3 and the AWS CLI sign, with keys that are plainly not real, as vectors for our tests.

Run by hand when botocore changes how it signs: python3 packages/contract/tools/record-sigv4-vectors.py
Traffic goes to a server of its own on loopback.
"""
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading

import boto3
import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

KEY_ID = 'AKIAFAKEFAKEFAKEFAKE'
SECRET = 'fake/fake+fake/fake+fake/fake+fake/fake+'
REGION = 'local-1'
OUT = pathlib.Path(__file__).parent.parent / 'src/sigv4/generated/botocore-vectors.json'

SIGNED = [
    ('plain path', 'GET', 'https://eks.local-1.amazonaws.com/clusters', {}, b''),
    ('host with a port', 'GET', 'http://127.0.0.1:8181/clusters/web', {}, b''),
    ('an encoded ARN in the path', 'GET',
     'http://127.0.0.1:8181/clusters/c/access-entries/arn%3Aaws%3Aiam%3A%3A000000000001%3Auser%2Fa%2Fb', {}, b''),
    ('characters that paths may have unencoded', 'GET', "http://127.0.0.1:8181/a:b@c!d$e'f(g)h*i+j,k;l=m~n_o-p.q", {}, b''),
    ('dot segments and doubled slashes', 'GET', 'http://127.0.0.1:8181//a/./b/../c//', {}, b''),
    ('no path', 'GET', 'http://127.0.0.1:8181', {}, b''),
    ('repeated names and empty values', 'DELETE',
     'http://127.0.0.1:8181/tags/x?tagKeys=b&tagKeys=a&empty=&tagKeys=B&tagKeys=', {}, b''),
    ('encoded plus, space and slash in the query', 'GET',
     'http://127.0.0.1:8181/x?nextToken=a%2Bb%2Fc%3D%3D&filter=with%20space', {}, b''),
    ('unicode in path, query and body', 'POST', 'http://127.0.0.1:8181/clusters/%C3%BC?tag=%E2%82%AC&a=%F0%9F%98%80',
     {'Content-Type': 'application/json'}, '{"name":"ü€😀"}'.encode()),
    ('names that differ in what follows them', 'GET', 'http://127.0.0.1:8181/x?a-b=1&a=2&a.b=3&A=4', {}, b''),
    ('headers with spaces inside and around', 'POST', 'http://127.0.0.1:8181/clusters',
     {'X-Amz-Meta': '  a   b\t c  ', 'X-Empty': ''}, b'{}'),
]


def signed_vectors():
    for title, method, url, headers, body in SIGNED:
        request = AWSRequest(method=method, url=url, headers=headers, data=body)
        botocore.auth.SigV4Auth(Credentials(KEY_ID, SECRET), 'eks', REGION).add_auth(request)
        rest = url.split('://', 1)[1]
        host, slash, target = rest.partition('/')
        yield {
            'title': title, 'method': method, 'target': slash + target or '/', 'body': body.decode(),
            'headers': {'Host': host, **{k: v for k, v in request.headers.items()}},
        }


class Recorder(http.server.BaseHTTPRequestHandler):
    seen = []

    def answer(self):
        body = self.rfile.read(int(self.headers.get('content-length') or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ('user-agent', 'accept-encoding', 'connection')}
        Recorder.seen.append({'method': self.command, 'target': self.path, 'headers': headers, 'body': body.decode()})
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', '2')
        self.end_headers()
        self.wfile.write(b'{}')

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


def client_vectors(endpoint):
    eks = boto3.client('eks', region_name=REGION, endpoint_url=endpoint, aws_access_key_id=KEY_ID,
                       aws_secret_access_key=SECRET, config=Config(retries={'max_attempts': 0}))
    arn = 'arn:aws:eks:local-1:000000000001:cluster/web'
    calls = [
        ('boto3 create_cluster', lambda: eks.create_cluster(
            name='ü'.encode().hex(), roleArn='arn:aws:iam::000000000001:role/x', resourcesVpcConfig={},
            tags={'Ümlaut €': 'a+b/c=d'}, clientRequestToken='fixed')),
        ('boto3 describe_access_entry', lambda: eks.describe_access_entry(
            clusterName='web', principalArn='arn:aws:iam::000000000001:user/team a/ü+x')),
        ('boto3 untag_resource', lambda: eks.untag_resource(resourceArn=arn, tagKeys=['b c', 'a+b', 'a', 'ü/€', '~*'])),
        ('boto3 list_clusters', lambda: eks.list_clusters(maxResults=3, nextToken='a+/=b', include=['all'])),
    ]
    for title, call in calls:
        Recorder.seen.clear()
        call()
        yield {'title': title, **Recorder.seen[0]}


def token_vectors(endpoint):
    for title, with_endpoint in (('aws eks get-token', False), ('aws eks get-token with endpoint_url in the profile', True)):
        with tempfile.TemporaryDirectory() as folder:
            config = f'[default]\nregion = {REGION}\n' + (f'endpoint_url = {endpoint}\n' if with_endpoint else '')
            pathlib.Path(folder, 'config').write_text(config)
            environment = {
                'PATH': os.environ['PATH'], 'HOME': folder, 'AWS_CONFIG_FILE': f'{folder}/config',
                'AWS_ACCESS_KEY_ID': KEY_ID, 'AWS_SECRET_ACCESS_KEY': SECRET, 'AWS_EC2_METADATA_DISABLED': 'true',
            }
            command = ['aws', 'eks', 'get-token', '--cluster-name', 'Web_1', '--output', 'json']
            said = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
            yield {'title': title, 'clusterName': 'Web_1', 'token': json.loads(said)['status']['token']}


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Recorder)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f'http://127.0.0.1:{server.server_port}'
OUT.write_text(json.dumps({
    'source': f'botocore {botocore.__version__}', 'accessKeyId': KEY_ID, 'secretAccessKey': SECRET, 'region': REGION,
    'requests': [*signed_vectors(), *client_vectors(endpoint)],
    'tokens': [*token_vectors(endpoint)],
}, indent=2, ensure_ascii=True) + '\n')
