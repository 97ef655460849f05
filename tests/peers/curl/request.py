"""Sends HTTP/3 requests with libcurl, as its one argument says in JSON, and prints what came of each as a line of JSON.

Argument: {"port", "ca", "cert", "key", "requests": [{"path", "method", "body", "headers", "abortAfter"}]}.
"body" is a file; "abortAfter" gives a response up after so many bytes. All requests go at once over one connection.
Result: {"error", "status", "version", "headers", "trailers", "length", "sha256"}; "error" is libcurl's code, 0 when all is well.
"""

import hashlib
import json
import sys

import pycurl

HTTP_VERSION_3_ONLY = 31
PIPE_MULTIPLEX = 2


class Exchange:
    """One request and its response."""

    def __init__(self, job, request):
        self.abort_after = request.get("abortAfter", -1)
        self.error = 0
        self.headers = {}
        self.trailers = {}
        self.length = 0
        self.digest = hashlib.sha256()
        self.handle = pycurl.Curl()
        curl = self.handle
        curl.setopt(pycurl.URL, "https://localhost:%d%s" % (job["port"], request["path"]))
        curl.setopt(pycurl.RESOLVE, ["localhost:%d:127.0.0.1" % job["port"]])
        curl.setopt(pycurl.HTTP_VERSION, HTTP_VERSION_3_ONLY)
        curl.setopt(pycurl.CAINFO, job["ca"])
        curl.setopt(pycurl.PIPEWAIT, 1)
        curl.setopt(pycurl.TIMEOUT, 60)
        if "cert" in job:
            curl.setopt(pycurl.SSLCERT, job["cert"])
            curl.setopt(pycurl.SSLKEY, job["key"])
        if "body" in request:
            with open(request["body"], "rb") as body:
                curl.setopt(pycurl.POSTFIELDS, body.read())
        curl.setopt(pycurl.CUSTOMREQUEST, request.get("method", "GET"))
        curl.setopt(pycurl.HTTPHEADER, request.get("headers", []))
        curl.setopt(pycurl.HEADERFUNCTION, self.take_header)
        curl.setopt(pycurl.WRITEFUNCTION, self.take_body)

    def take_header(self, line):
        name, colon, value = line.decode("latin-1").strip().partition(":")
        if colon:
            # What comes after the body is a trailer.
            (self.trailers if self.length > 0 else self.headers)[name.lower()] = value.strip()

    def take_body(self, data):
        self.length += len(data)
        self.digest.update(data)
        if 0 <= self.abort_after <= self.length:
            return 0
        return None

    def result(self):
        return {
            "error": self.error,
            "status": self.handle.getinfo(pycurl.RESPONSE_CODE),
            "version": self.handle.getinfo(pycurl.INFO_HTTP_VERSION),
            "headers": self.headers,
            "trailers": self.trailers,
            "length": self.length,
            "sha256": self.digest.hexdigest(),
        }


def main():
    job = json.loads(sys.argv[1])
    exchanges = [Exchange(job, request) for request in job["requests"]]
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, PIPE_MULTIPLEX)
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
    for exchange in exchanges:
        exchange.handle.exchange = exchange
        multi.add_handle(exchange.handle)
    running = len(exchanges)
    while running:
        multi.select(1.0)
        _, running = multi.perform()
        _, _, failed = multi.info_read(len(exchanges))
        for handle, error, _ in failed:
            handle.exchange.error = error
    for exchange in exchanges:
        print(json.dumps(exchange.result()), flush=True)


main()
