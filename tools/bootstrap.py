"""Makes .venv from uv.lock, with nothing but a Python: finds uv, or fetches the one the lock names into .uv/.

    python3 tools/bootstrap.py demo    what Parley needs to run
    python3 tools/bootstrap.py dev     and what its tests and checks need

Written so that an older Python can read it far enough to say what is missing.
"""

import glob
import hashlib
import os
import platform
import shutil
import subprocess
import sys

NEEDED = (3, 11)
OLDEST_UV = (0, 8)
ROOM = 800  # megabytes, of the packages
NEARLY_FULL = 100
FULL = "the disk of %s has %d MB free, and Parley's packages need up to %d MB: free some, and run this again."
NO_INDEX = "is the package index within reach?"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
UNFINISHED = VENV + ".unfinished"  # stands while packages are put in: uv takes a half one for whole
BEFORE = VENV + ".before"  # the half one, until there is a whole one in its place
OWN = os.path.join(ROOT, ".uv")


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "dev"
    if sys.version_info < NEEDED:
        return with_a_newer_python()
    # Two at once would take each other's half away. The lock is of this file, so that none is left behind.
    with open(os.path.abspath(__file__)) as own:
        wait_for_others(own)
        return install(mode)


def wait_for_others(own):
    import fcntl

    try:
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("Waiting for another make that installs Parley's packages here ...")
        fcntl.flock(own, fcntl.LOCK_EX)


def install(mode):
    stamp, wanted = os.path.join(VENV, ".parley-" + mode), fingerprint()
    was_stopped = os.path.exists(UNFINISHED)
    if not was_stopped and read(stamp) == wanted and os.path.exists(os.path.join(VENV, "bin", "python")):
        return 0
    full = short_of(NEARLY_FULL)
    if full:
        say(full[:1].upper() + full[1:])
        return 1
    uv = find_uv() or fetch_uv()
    if uv is None:
        return 1
    # Inexact, so that a demo does not take the tests' packages away again.
    arguments = ["sync", "--frozen", "--inexact", "--python", sys.executable, "--quiet"]
    arguments += ["--no-group", "dev"] if mode == "demo" else []
    if not written(UNFINISHED, "The packages in .venv are not all there.\n"):
        return 1
    anew = was_stopped or is_of_another_place()
    if anew:
        put_aside()
    stood = packages()
    say("Installing Parley's packages into .venv ...")
    environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_PROJECT_ENVIRONMENT=VENV)
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.call([uv, *arguments], cwd=ROOT, env=environment) != 0:
        say("The packages could not be installed. The reason stands above; " + (short_of(ROOM) or NO_INDEX))
        if anew:
            put_back()
        elif packages() == stood:
            os.remove(UNFINISHED)  # what was there is as whole as before
        return 1
    if not written(stamp, wanted):
        return 1
    shutil.rmtree(BEFORE, ignore_errors=True)
    os.remove(UNFINISHED)
    return 0


def packages():
    """What tells whether uv has put in or taken out any: each has a folder of its own in there."""
    places = glob.glob(os.path.join(glob.escape(VENV), "lib", "python*", "site-packages"))
    return sorted((place, os.stat(place).st_mtime_ns) for place in places)


def put_aside():
    if os.path.isdir(VENV) and not os.path.isdir(BEFORE):
        os.rename(VENV, BEFORE)
    shutil.rmtree(VENV, ignore_errors=True)


def put_back():
    """Half an environment may hold what somebody has put there, or run what they need, and the index may stay out of reach."""
    if os.path.isdir(BEFORE):
        shutil.rmtree(VENV, ignore_errors=True)
        os.rename(BEFORE, VENV)


def written(path, text):
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        say("%s cannot be written: %s. Mend that and run this again." % (path, error.strerror))
        return False
    return True


def is_of_another_place():
    """A folder that was moved or copied: its scripts begin with the Python of where it was, and uv, which finds all packages there,
    leaves them so."""
    folder = os.path.join(VENV, "bin")
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            head = file.read(2000)
        if head.startswith(b"#!") and b"/.venv/bin/python" in head and os.fsencode(folder) not in head:
            return True
    return False


def short_of(megabytes):
    """What to say where so much is not free; uv does not tell how much is needed, nor where."""
    cache = os.environ.get("UV_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "uv"
    )
    for place in (ROOT, cache):
        while not os.path.exists(place):
            place = os.path.dirname(place)
        free = shutil.disk_usage(place).free // 1024**2
        if free < megabytes:
            return FULL % (place, free, ROOM)
    return ""


def with_a_newer_python():
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        newer = shutil.which(name)
        # A name on the path may be a shim without a Python behind it.
        if (
            newer
            and subprocess.call(
                [newer, "-c", "import venv"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            == 0
        ):
            os.execv(newer, [newer, *sys.argv])  # noqa: S606
    say(
        "Parley needs Python %d.%d or newer; this is %s. Install one, or name it: make PYTHON=/path/to/python3 demo"
        % (NEEDED[0], NEEDED[1], platform.python_version())
    )
    return 1


def fingerprint():
    digest = hashlib.sha256(sys.version.encode() + VENV.encode())
    for name in ("uv.lock", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def find_uv():
    for candidate in (shutil.which("uv"), own_uv()):
        if candidate and os.path.exists(candidate) and version_of(candidate) >= OLDEST_UV:
            return candidate
    return None


def own_uv():
    return os.path.join(OWN, "bin", "uv")


def version_of(uv):
    try:
        told = subprocess.run([uv, "--version"], capture_output=True, text=True, timeout=20).stdout.split()[1]
        return tuple(int(part) for part in told.split(".")[:2])
    except (OSError, IndexError, ValueError, subprocess.SubprocessError):
        return (0, 0)


def fetch_uv():
    locked = locked_uv()
    say("Fetching uv %s into .uv ..." % locked["version"])
    reasons = []
    for way in (by_venv, by_target, by_download):
        shutil.rmtree(OWN, ignore_errors=True)
        try:
            way(locked)
        except Exception as error:  # the next way may work
            reasons.append(
                "%s: %s" % (way.__name__.replace("_", " "), str(error).strip().splitlines()[-1:] or error)
            )
            continue
        if version_of(own_uv()) >= OLDEST_UV:
            return own_uv()
        reasons.append("%s: no working uv came of it" % way.__name__.replace("_", " "))
    say("uv could not be fetched (%s). Install uv yourself and run this again." % "; ".join(reasons))
    return None


def locked_uv():
    import tomllib

    with open(os.path.join(ROOT, "uv.lock"), "rb") as file:
        return next(package for package in tomllib.load(file)["package"] if package["name"] == "uv")


def by_venv(locked):
    run([sys.executable, "-m", "venv", OWN])
    pip(locked, [os.path.join(OWN, "bin", "python"), "-m", "pip", "install"])


def by_target(locked):
    pip(locked, [sys.executable, "-m", "pip", "install", "--target", OWN])


def pip(locked, command):
    """Through pip, because it knows the mirror, proxy and certificates of this machine."""
    os.makedirs(OWN, exist_ok=True)
    wanted = os.path.join(OWN, "requirements.txt")
    hashes = " ".join("--hash=" + wheel["hash"] for wheel in locked["wheels"])
    with open(wanted, "w") as file:
        file.write("uv==%s %s\n" % (locked["version"], hashes))
    flags = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
    run([*command, *flags, "-r", wanted])


def by_download(locked):
    """The wheel itself, checked against the lock, for a Python without venv and pip."""
    import urllib.request
    import zipfile
    from io import BytesIO

    wheel = next(wheel for wheel in locked["wheels"] if fits(wheel["url"]))
    with urllib.request.urlopen(wheel["url"], timeout=60) as answer:
        content = answer.read()
    if "sha256:" + hashlib.sha256(content).hexdigest() != wheel["hash"]:
        raise ValueError("the wheel's hash is not the lock's")
    os.makedirs(os.path.join(OWN, "bin"), exist_ok=True)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        with open(own_uv(), "wb") as file:
            file.write(archive.read(name))
    os.chmod(own_uv(), 0o755)


def fits(url):
    machine = {"amd64": "x86_64", "aarch64": "aarch64", "arm64": "arm64"}.get(
        platform.machine().lower(), platform.machine()
    )
    if sys.platform == "darwin":
        return "macosx" in url and machine in url
    return ("musllinux" if is_musl() else "manylinux") in url and machine in url


def is_musl():
    return not platform.libc_ver()[0] and sys.platform == "linux"


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stdout.strip() or "exit %d" % done.returncode)


def say(line):
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("Stopped. Run it again to go on.")
        sys.exit(130)
