"""Raw sockets for tests that must tell RST from FIN, which Node cannot do reliably.

One JSON object a line: requests {"id", "op", ...} on stdin, answers {"id", ...} or {"id", "error"} on stdout. Each
request has a thread of its own, so that a socket can be read and written at once. It ends with its stdin.
raw-peer.ts documents the operations.
"""

import base64
import errno
import hashlib
import json
import os
import select
import socket
import struct
import sys
import threading
import time

CHUNK = 65536  # the unit of the deterministic stream, see deterministic-bytes.ts
READ_SIZE = 262144
RESET = (errno.ECONNRESET, errno.EPIPE)
TCP_CLOSE = 7  # the state of that name in linux/tcp_states.h


class Connection:
    """A socket whose threads can be called back before it is closed: a close amid a poll would be put off."""

    def __init__(self, sock):
        sock.setblocking(False)
        self.sock = sock
        self.wake_read, self.wake_write = os.pipe()
        self.state = threading.Condition()
        self.users = 0
        self.closing = False
        self.shut = False
        # The kernel tells of an RST once; whoever asks next would see a plain end.
        self.was_reset = False

    def __enter__(self):
        with self.state:
            if self.closing:
                raise ValueError("the connection is closed")
            self.users += 1
        return self

    def __exit__(self, *_):
        with self.state:
            self.users -= 1
            self.state.notify_all()

    def wait(self, events, deadline):
        """The poll events of the socket; None when the time is over; raises when we close it."""
        poll = select.poll()
        poll.register(self.sock, events)
        poll.register(self.wake_read, select.POLLIN)
        left = deadline - time.monotonic()
        ready = dict(poll.poll(max(0, left) * 1000))
        if self.wake_read in ready:
            raise ValueError("the connection was closed meanwhile")
        return ready.get(self.sock.fileno())

    def close(self, reset):
        with self.state:
            if self.closing:
                return
            self.closing = True
            os.write(self.wake_write, b"x")
            self.state.wait_for(lambda: self.users == 0)
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        os.close(self.wake_read)
        os.close(self.wake_write)


sockets = {}
lock = threading.Lock()
last_key = 0


def register(thing):
    global last_key
    with lock:
        last_key += 1
        sockets[last_key] = thing
        return last_key


def deterministic(seed, length):
    for index in range((length + CHUNK - 1) // CHUNK):
        chunk = hashlib.shake_128(f"{seed}:{index}".encode()).digest(CHUNK)
        yield chunk[: length - index * CHUNK]


def new_socket(request):
    family = socket.AF_UNIX if "path" in request else socket.AF_INET6 if ":" in request["host"] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    set_buffers(sock, request)
    return sock, request.get("path") or (request["host"], request["port"])


def set_buffers(sock, request):
    if "rcvbuf" in request:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, request["rcvbuf"])
    if "sndbuf" in request:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, request["sndbuf"])


def ports(sock):
    if sock.family == socket.AF_UNIX:
        return {"localPort": 0, "remotePort": 0}
    try:
        return {"localPort": sock.getsockname()[1], "remotePort": sock.getpeername()[1]}
    except OSError:  # it has been reset already
        return {"localPort": sock.getsockname()[1], "remotePort": 0}


def op_connect(request):
    sock, place = new_socket(request)
    sock.settimeout(request["timeout"])
    error = sock.connect_ex(place)
    # A refusal is ECONNREFUSED: this one was accepted, and reset before we looked.
    was_reset = error == errno.ECONNRESET
    if error and not was_reset:
        sock.close()
        raise TimeoutError("not connected in time") if error == errno.EAGAIN else OSError(error, os.strerror(error))
    if sock.family != socket.AF_UNIX and not was_reset:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(sock)
    connection.was_reset = was_reset
    return {"conn": register(connection), **ports(sock)}


def op_listen(request):
    sock, place = new_socket(request)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(place)
    sock.listen(request["backlog"])
    return {"conn": register(Connection(sock)), "port": 0 if "path" in request else sock.getsockname()[1]}


def op_accept(request):
    deadline = time.monotonic() + request["timeout"]
    with sockets[request["conn"]] as listener:
        while True:
            if listener.wait(select.POLLIN, deadline) is None:
                raise TimeoutError("no connection came")
            try:
                sock, _ = listener.sock.accept()
            except BlockingIOError:  # another thread has taken it
                continue
            return {"conn": register(Connection(sock)), **ports(sock)}


def op_send(request):
    deadline = time.monotonic() + request["timeout"]
    if "data" in request:
        chunks = [base64.b64decode(request["data"])]
    else:
        chunks = deterministic(request["seed"], request["bytes"])
    digest = hashlib.sha256()
    sent = 0
    with sockets[request["conn"]] as connection:
        outcome = "done"
        for chunk in chunks:
            done, outcome = send_chunk(connection, chunk, deadline)
            digest.update(chunk[:done])
            sent += done
            if outcome != "done":
                break
    return {"bytes": sent, "sha256": digest.hexdigest(), "outcome": outcome}


def send_chunk(connection, chunk, deadline):
    done = 0
    view = memoryview(chunk)
    while done < len(chunk):
        try:
            done += connection.sock.send(view[done:], socket.MSG_NOSIGNAL)
        except BlockingIOError:
            if connection.wait(select.POLLOUT, deadline) is None:
                return done, "blocked"
        except OSError as error:
            if error.errno not in RESET:
                raise
            if not connection.shut:
                connection.was_reset = True
            return done, errno.errorcode[error.errno]
    return done, "done"


def op_read(request):
    deadline = time.monotonic() + request["timeout"]
    wanted = request.get("bytes")
    digest = hashlib.sha256()
    kept = bytearray() if request.get("keep") else None
    got = 0
    end = "open"
    with sockets[request["conn"]] as connection:
        while wanted is None or got < wanted:
            if connection.wait(select.POLLIN, deadline) is None:
                break
            try:
                size = READ_SIZE if wanted is None else min(READ_SIZE, wanted - got)
                data = connection.sock.recv(size)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno not in RESET:
                    raise
                connection.was_reset = True
                end = "rst"
                break
            if not data:
                end = "rst" if connection.was_reset or was_told_elsewhere(connection) else "fin"
                break
            digest.update(data)
            got += len(data)
            if kept is not None:
                kept += data
    answer = {"bytes": got, "sha256": digest.hexdigest(), "end": end}
    if kept is not None:
        answer["data"] = base64.b64encode(kept).decode()
    return answer


def was_told_elsewhere(connection):
    """
    An RST is told once. Where a thread that sends has been told, this one reads an end as after a FIN, and may come to
    look before that thread has noted it; but a connection of which only the other side is over is not closed yet.
    """
    if connection.shut or connection.sock.family == socket.AF_UNIX:
        return False
    return connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE


def op_hangup(request):
    """How the other side ended, without reading, and so in front of data that is still unread."""
    deadline = time.monotonic() + request["timeout"]
    with sockets[request["conn"]] as connection:
        events = connection.wait(select.POLLRDHUP, deadline)
        if events is None:
            return {"end": "open"}
        # A connection that was closed both ways hangs up too: only the error tells of an RST.
        was_reset = connection.was_reset or events & select.POLLERR or was_told_elsewhere(connection)
        return {"end": "rst" if was_reset else "fin"}


def op_shutdown(request):
    with sockets[request["conn"]] as connection:
        connection.shut = True
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # the other side has reset it: nothing is left to shut down
                raise
    return {}


def op_buffers(request):
    with sockets[request["conn"]] as connection:
        set_buffers(connection.sock, request)
    return {}


def op_close(request):
    sockets[request["conn"]].close(reset=request["reset"])
    return {}


OPERATIONS = {
    "connect": op_connect,
    "listen": op_listen,
    "accept": op_accept,
    "send": op_send,
    "read": op_read,
    "hangup": op_hangup,
    "shutdown": op_shutdown,
    "buffers": op_buffers,
    "close": op_close,
}


def answer(request):
    try:
        result = OPERATIONS[request["op"]](request)
    except OSError as error:
        code = "ETIMEDOUT" if isinstance(error, TimeoutError) else errno.errorcode.get(error.errno, "")
        result = {"error": str(error), "code": code}
    except Exception as error:  # goes to the test, which knows what it asked
        result = {"error": f"{type(error).__name__}: {error}", "code": ""}
    line = json.dumps({"id": request["id"], **result}) + "\n"
    with lock:
        sys.stdout.write(line)
        sys.stdout.flush()


def main():
    threading.stack_size(256 * 1024)  # a thousand stalled readers have a thousand threads
    for line in sys.stdin:
        threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
    os._exit(0)


main()
