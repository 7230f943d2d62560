"""A PostgreSQL server of a test's own, which it may kill; it comes back with what was committed."""

import os
import shutil
import subprocess
import sys


class Server:
    def __init__(self, folder, settings=""):
        self.bin = None
        for name in sorted(os.listdir("/usr/lib/postgresql"), key=float, reverse=True):
            if os.path.exists(f"/usr/lib/postgresql/{name}/bin/initdb"):
                self.bin = f"/usr/lib/postgresql/{name}/bin"
                break
        if self.bin is None:
            print("no PostgreSQL server found; install the package postgresql")
            sys.exit(77)
        self.dir = folder
        os.makedirs(folder)
        self.wrap = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self.wrap = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.call("initdb", "-D", folder + "/data", "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        with open(folder + "/data/postgresql.conf", "a") as f:
            f.write(f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nunix_socket_permissions = 0777\n"
                    "shared_buffers = 32MB\nfsync = off\nfull_page_writes = off\nautovacuum = off\n" + settings)

    def url(self, database):
        return f"postgresql://tester@/{database}?host={self.dir}"

    def call(self, program, *arguments):
        subprocess.run([*self.wrap, f"{self.bin}/{program}", *arguments], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=self.dir, timeout=90)

    def start(self):
        self.call("pg_ctl", "-D", self.dir + "/data", "-l", self.dir + "/log", "-w", "-t", "60", "start")

    def kill(self):
        if os.path.exists(self.dir + "/data/postmaster.pid"):
            self.call("pg_ctl", "-D", self.dir + "/data", "-m", "immediate", "-w", "stop")
