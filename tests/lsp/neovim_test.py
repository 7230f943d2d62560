"""The server under Neovim's own client. Skipped (77) where Neovim is not installed."""
import os
import shutil
import subprocess
import sys
import tempfile

from kit import write_project


def main(mig):
    if shutil.which("nvim") is None:
        print("nvim is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MIG": mig, "SPEC": write_project(folder), "HOME": folder,
                       "XDG_CACHE_HOME": folder, "XDG_STATE_HOME": folder, "XDG_DATA_HOME": folder}
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "neovim_test.lua")
        return subprocess.run(["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", "luafile " + script],
                              env=environment, timeout=120).returncode


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
