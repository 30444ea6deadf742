"""An Ethereum node for tests: a real EVM (py-evm, set up by eth-tester) behind JSON-RPC over HTTP
on 127.0.0.1. It prints one line with its address once it listens, and ends with its standard
input where `--follow-input` says so."""

import argparse
import http.server
import inspect
import json
import os
import socketserver
import sys
import threading
import traceback
import warnings

# py-evm warns at each SELFDESTRUCT.
warnings.simplefilter("ignore")

from control import ControlledMethods  # noqa: E402
from forms import RPCError  # noqa: E402
from node import Node  # noqa: E402

MAXIMUM_BODY_BYTES = 5 * 1024 * 1024
MAXIMUM_BATCH = 1000
PREFIXES = ("web3_", "net_", "eth_", "debug_", "test_")


def failed(id, code, message, data=None):
    error = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": id, "error": error}


class Service:
    """JSON-RPC 2.0 over the methods, one call at a time."""

    def __init__(self, methods):
        self.methods = methods
        self.lock = threading.Lock()

    def answer(self, body):
        """The answer's bytes; nothing where none is due."""
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            return self._encoded(failed(None, -32700, "parse error"))
        if not isinstance(request, list):
            told = self._one(request)
            return self._encoded(told) if told else b""
        if not request:
            return self._encoded(failed(None, -32600, "empty batch"))
        if len(request) > MAXIMUM_BATCH:
            return self._encoded(failed(None, -32600, "batch too large"))
        answers = [told for told in map(self._one, request) if told]
        return self._encoded(answers) if answers else b""

    @staticmethod
    def _encoded(answer):
        return json.dumps(answer, separators=(",", ":")).encode()

    def _one(self, request):
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return failed(None, -32600, "invalid request")
        id, name = request.get("id"), request["method"]
        parameters = request.get("params") or []
        if not isinstance(parameters, list):
            return failed(id, -32602, "non-array args")
        try:
            with self.lock:
                result = self._call(name, parameters)
        except RPCError as error:
            return failed(id, error.code, error.message, error.data)
        except Exception as error:
            # Mostly an argument of another kind than the method takes; the log says where.
            traceback.print_exc()
            return failed(id, -32602, f"invalid argument: {error!r}")
        # Without an id it is a notification, to which nothing is answered.
        return {"jsonrpc": "2.0", "id": id, "result": result} if "id" in request else None

    def _call(self, name, parameters):
        method = getattr(self.methods, name, None) if name.startswith(PREFIXES) else None
        if method is None:
            raise RPCError(-32601, f"the method {name} does not exist/is not available")
        known = list(inspect.signature(method).parameters.values())
        if len(parameters) > len(known):
            raise RPCError(-32602, f"too many arguments, want at most {len(known)}")
        required = sum(each.default is inspect.Parameter.empty for each in known)
        if len(parameters) < required:
            raise RPCError(
                -32602, f"missing value for required argument {len(parameters)}")
        return method(*parameters)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet, sent at once.
    wbufsize = 65536
    disable_nagle_algorithm = True
    service = None

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return self._reply(411, b"", closes=True)
        if not 0 <= length <= MAXIMUM_BODY_BYTES:
            return self._reply(413, b"content length too large", closes=True)
        body = self.rfile.read(length)
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            return self._reply(415, b"invalid content type, only application/json is supported")
        return self._reply(200, self.service.answer(body))

    def do_GET(self):
        self._reply(200, b"")

    def _reply(self, status, body, closes=False):
        self.send_response(status)
        self.send_header(
            "Content-Type", "application/json" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        if closes:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def server_bind(self):
        # Not the inherited one, which asks the resolver for this machine's name.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


def follow_input():
    """Ends the process with whoever holds the other end of its standard input."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chain-id", type=int, default=31337)
    parser.add_argument("--timestamp", type=int, help="of the genesis block, in seconds")
    parser.add_argument("--bare", action="store_true", help="deploy no contracts in block 1")
    parser.add_argument("--follow-input", action="store_true", help="end with standard input")
    options = parser.parse_args()
    if options.follow_input:
        threading.Thread(target=follow_input, daemon=True).start()
    methods = ControlledMethods(Node(options.chain_id, options.timestamp))
    if not options.bare:
        methods.deploy_all()
    Handler.service = Service(methods)
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
