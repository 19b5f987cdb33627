"""The product's programs, published as a user gets them: `stateless` (NativeAOT) and `stateless-seed`. As a program: publishes both."""
import json
import os
import subprocess
import sys
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ARTIFACTS = os.path.join(ROOT, "artifacts")


class CommandFailed(RuntimeError):
    """A program of ours ended with an error; the message holds its own words."""


@dataclass(frozen=True)
class Product:
    """Paths of the two programs."""
    stateless: str
    seed: str

    def call(self, *arguments, check=True):
        """Runs `stateless ...`; its standard output."""
        done = subprocess.run([self.stateless, *map(str, arguments)], text=True, stdin=subprocess.DEVNULL, capture_output=True)
        if check and done.returncode:
            raise CommandFailed("stateless %s: exit code %d: %s" % (" ".join(map(str, arguments[:3])), done.returncode,
                                                                  (done.stderr or done.stdout).strip()[-600:]))
        return done.stdout

    def call_json(self, *arguments):
        return json.loads(self.call(*arguments, "--json"))


def _publish(project, log):
    target = os.path.join(ARTIFACTS, "product", project)
    command = ["dotnet", "publish", os.path.join(ROOT, "src", "StatelessSwarm." + project), "-c", "Release", "-o", target,
               "--nologo", "-v", "quiet", "-nodeReuse:false"]
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "ab") as file:
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=ROOT).returncode:
            raise CommandFailed("%s does not publish, see %s" % (project, log))


def publish(seed=True):
    """Publishes what is needed into artifacts/product; nothing much happens when nothing changed."""
    log = os.path.join(ARTIFACTS, "product", "publish.log")
    for project in ("Cli", "Seed") if seed else ("Cli",):
        _publish(project, log)
    return published(os.path.join(ARTIFACTS, "product"), seed)


def published(directory, seed=True):
    """Programs that `publish` put below a folder before."""
    folder = os.path.abspath(directory)
    return _checked(Product(os.path.join(folder, "Cli", "stateless"), os.path.join(folder, "Seed", "stateless-seed")), seed)


def built():
    """The debug build's programs, as the tests have them."""
    return _checked(Product(os.path.join(ARTIFACTS, "bin", "StatelessSwarm.Cli", "debug", "stateless"),
                            os.path.join(ARTIFACTS, "bin", "StatelessSwarm.Seed", "debug", "stateless-seed")))


def _checked(programs, seed=True):
    for path in (programs.stateless, programs.seed) if seed else (programs.stateless,):
        if not os.access(path, os.X_OK):
            raise CommandFailed("%s is not there: build or publish first" % path)
    return programs


if __name__ == "__main__":
    sys.exit(0 if publish() else 1)
