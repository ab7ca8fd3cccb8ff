#!/usr/bin/env python3
"""The model server: `python3 serve.py`. It needs Python 3.8 or later and no package.

It keeps SageMaker's container contract, so the same file runs on this machine and in an image on AWS:

  GET /ping           answers 200 when the model is loaded
  POST /invocations   one request, one answer
  port                SAGEMAKER_BIND_TO_PORT, else 8080
  model's files       in the folder SM_MODEL_DIR, else /opt/ml/model

Put your own model into `load` and `predict`. Pack its files with: tar -czf v1.tar.gz -C model model.json
"""

import json
import os
import signal
import stat
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class BadRequest(Exception):
    """The caller's mistake: answered with 400."""


def load(folder):
    """Reads the model once, when the server starts."""
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def predict(model, request):
    """One request, as the caller sent it, to one answer."""
    limit = request.get("limit", 3)
    if not isinstance(limit, int) or limit < 1:
        raise BadRequest("limit must be a whole number from 1 on")
    ranked = sorted(model["items"][:limit], key=lambda item: item["weight"], reverse=True)
    return {"count": len(ranked), "items": [{"id": item["id"], "score": item["weight"]} for item in ranked]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open between requests
    disable_nagle_algorithm = True
    timeout = 75

    def do_GET(self):
        if self.path == "/ping":
            self.answer(200, {})
        else:
            self.answer(404, {"error": "GET /ping or POST /invocations"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path != "/invocations":
            self.answer(404, {"error": "GET /ping or POST /invocations"})
            return
        try:
            request = json.loads(body)
            if not isinstance(request, dict):
                raise BadRequest("the body must be a JSON object")
            self.answer(200, predict(self.server.model, request))
        except (BadRequest, json.JSONDecodeError, UnicodeDecodeError) as error:
            self.answer(400, {"error": str(error)})
        except Exception as error:  # the model's own failure: `mlreg logs` shows where
            traceback.print_exc()
            self.answer(500, {"error": f"{type(error).__name__}: {error}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """A line for each request would be too many."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    model = load(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model")))
    address = (os.environ.get("BIND_ADDRESS", "127.0.0.1"), int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")))
    server = Server(address, Handler)  # an image sets BIND_ADDRESS=0.0.0.0
    server.model = model
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    # On this machine standard input is a pipe that ends with whoever started this server. In a container it is none.
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), server.shutdown()), daemon=True).start()
    print(f"model {model['name']} on {address[0]}:{address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
