"""A service manager's notification socket: prints each message that comes as one line of JSON."""

import json
import os
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    # systemd-notify hands over a pipe with BARRIER=1 and waits until it is closed.
    message, fds, _flags, _sender = socket.recv_fds(receiver, 65536, 16)
    print(json.dumps(message.decode()), flush=True)
    for fd in fds:
        os.close(fd)
