# SPDX-License-Identifier: MIT
"""subjects - the servers that the benchmark starts side by side, and what /proc says of them.

A subject is a server as its processes stand: started alone, pinned to one CPU, with its HTTP and echo ports
known, and stopped by its pid. CPU time is what the scheduler accounted (schedstat, nanoseconds) to every
thread of every process of it; memory is the proportional set size of all its processes.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 15
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, CLIENT_CPU = CPUS[0], CPUS[-1]
BODY = "Hello, World!"
FILE, MEGABYTE = "hello.txt", "megabyte.bin"  # of the protocol "files"

COPPICE_CONFIG = """\
control:
  socket: {folder}/control.sock
pools:
"""

# The pools of coppice, each on a port of that name.
POOLS = {
    "http": "{{app: hello, workers: 1}}",
    "echo": "{{app: echo, workers: 1}}",
    "files": "{{app: files, workers: 1, options: {{root: {folder}/root}}}}",
    "json": "{{app: {build}/bench/app_json.so, workers: 1}}",
    "workers1": "{{app: hello, workers: 1}}",
    "workers8": "{{app: hello, workers: 8}}",
}

# Where a protocol is more than the pool of that name.
POOLS_OF = {"json": ("http", "json"), "workers": ("workers1", "workers8")}

NGINX_CONFIG = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{http};
        default_type text/plain;
        location / {{ return 200 "{body}"; }}
    }}
    server {{
        listen 127.0.0.1:{files};
        root {folder}/root;
        default_type application/octet-stream;
        types {{ text/plain txt; }}
        sendfile on;
        open_file_cache max=1000 inactive=60s;
        open_file_cache_valid 1s;
        open_file_cache_min_uses 1;
    }}
}}
"""

H2O_CONFIG = """\
num-threads: 1
listen:
  host: 127.0.0.1
  port: {http}
hosts:
  default:
    paths:
      /:
        file.dir: {folder}/root
"""


def pin(cpu):
    """What a child does before exec to run on one CPU."""
    return lambda: os.sched_setaffinity(0, {cpu})


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Subject:
    """A running server: its name, its process, its ports by protocol."""

    def __init__(self, name, argv, ports, folder=None):
        self.name = name
        self.ports = ports
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(argv, preexec_fn=pin(SERVER_CPU), cwd=folder,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            for port in ports.values():
                self.wait_for(port)
        except BaseException:
            self.stop()
            raise

    def wait_for(self, port):
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise RuntimeError(f"{self.name} does not serve: {self.log.read().strip()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def pids(self):
        """The server's process and all that descend from it."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                        todo += [int(child) for child in file.read().split()]
        return found

    def cpu_ns(self):
        total = 0
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
        return total

    def pss_bytes(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return total * 1024


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def write_files(folder):
    """What the protocol "files" serves; readable for whoever a server becomes."""
    write(folder, f"root/{FILE}", BODY)
    write(folder, f"root/{MEGABYTE}", "x" * 1000000)


def start_raw(build, _folder, protocol):
    program = os.path.join(build, "bench", f"raw_{protocol}")
    port = free_port()
    return Subject("raw", [program, str(port)], {protocol: port})


def start_coppice(build, folder, protocol):
    ports = {name: free_port() for name in POOLS_OF.get(protocol, (protocol,))}
    text = COPPICE_CONFIG.format(folder=folder)
    for name, port in ports.items():
        settings = POOLS[name].format(folder=folder, build=build)
        text += f'  {name}: {settings[:-1]}, listen: ["127.0.0.1:{port}"], tasks: 12000}}\n'
    write_files(folder)
    path = write(folder, "coppice.yaml", text)
    return Subject("coppice", [os.path.join(build, "coppice"), "run", path], ports)


def start_nginx(_build, folder, protocol):
    ports = {"http": free_port(), "files": free_port()}
    write_files(folder)
    path = write(folder, "nginx.conf", NGINX_CONFIG.format(folder=folder, body=BODY, **ports))
    return Subject("nginx", [which("nginx"), "-p", folder, "-c", path], {protocol: ports[protocol]})


def start_lwan(_build, folder, _protocol):
    """lwan itself has no such answer; its sample hello-no-meta has, and reads NAME.conf where it is started."""
    port = free_port()
    write(folder, f"{PROGRAM_OF['lwan']}.conf", f"threads = 1\nlistener 127.0.0.1:{port}\n")
    return Subject("lwan", [which(PROGRAM_OF["lwan"])], {"http": port}, folder)


def start_h2o(_build, folder, _protocol):
    port = free_port()
    write(folder, "root/index.html", BODY)
    path = write(folder, "h2o.conf", H2O_CONFIG.format(folder=folder, http=port))
    return Subject("h2o", [which("h2o"), "-c", path], {"http": port})


def which(program):
    """nginx and its like stand in sbin, which is in root's PATH only."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


# name: how it is started, what it serves. Raw comes first: the others are divided by it.
SUBJECTS = {
    "raw": (start_raw, ("http", "echo")),
    "coppice": (start_coppice, ("http", "echo", "files", "json", "workers")),
    "nginx": (start_nginx, ("http", "files")),
    "lwan": (start_lwan, ("http",)),
    "h2o": (start_h2o, ("http",)),
}


# Where it has another name than the subject.
PROGRAM_OF = {"lwan": "hello-no-meta"}

# Without these two there is nothing to say; a peer that does not start is left out.
OURS = ("raw", "coppice")


def present(build, name):
    if name == "raw":
        return True
    if name == "coppice":
        return os.access(os.path.join(build, "coppice"), os.X_OK)
    return which(PROGRAM_OF.get(name, name)) is not None


@contextlib.contextmanager
def running(build, names, protocol):
    """Start the named subjects that speak the protocol; yields them, and stops them in any case."""
    with contextlib.ExitStack() as stack:
        started = []
        for name in names:
            start, protocols = SUBJECTS[name]
            if protocol in protocols:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"coppice-bench-{name}-"))
                os.chmod(folder, 0o755)
                try:
                    subject = start(build, folder, protocol)
                except RuntimeError as error:
                    if name in OURS:
                        raise
                    print(f"left out: {error}")
                    continue
                stack.callback(subject.stop)
                started.append(subject)
        yield started
