"""Runs stagepost-load and meets it at its steps."""

import json
import signal
import subprocess


class Load:
    """One run of the load generator. With `steps` it stops at each named step until `go`."""

    def __init__(self, program, *arguments, steps=False, timeout=900):
        words = [program, *map(str, arguments), "--json", "--timeout", str(timeout)]
        self._steps = steps
        self._process = subprocess.Popen(words + (["--steps"] if steps else []), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def reach(self, step):
        """Waits until the run has come to `step`."""
        line = self._process.stdout.readline().strip()
        if line != step:
            raise RuntimeError(f"expected step '{step}', the load generator said: {line}")

    def go(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def stop_early(self):
        """Lets a write load end as if it had sent all its messages."""
        self._process.send_signal(signal.SIGUSR1)

    def figures(self):
        """The figures at the end. Errors are printed and do not end the benchmark: the row shows what came of it."""
        line = self._process.stdout.readline()
        self._process.wait()
        if not line:
            raise RuntimeError(f"the load generator ended with {self._process.returncode} and no figures")
        found = json.loads(line)
        if found["errors"]:
            print("    errors:", found["errors_by_text"], flush=True)
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
