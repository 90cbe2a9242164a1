#!/usr/bin/env python3
"""imapflow, the library behind many web mailers, keeps up with a mailbox: CONDSTORE, QRESYNC, IDLE and COMPRESS."""

import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import server  # noqa: E402

HERE = Path(__file__).resolve().parent / "imapflow"
NODE = HERE / "node_modules" / ".bin" / "node"


class ImapflowTest(server.ServerTest):
    @classmethod
    def setUpClass(cls):
        if not NODE.exists() or not (HERE / "node_modules" / "imapflow").is_dir():
            why = os.environ.get("STAGEPOST_NPM_FAILED") or f"npm ci was not run in {HERE}"
            raise unittest.SkipTest(why)
        super().setUpClass()

    def converse(self, user):
        settings = {
            "host": "localhost",
            "port": self.server.ports["imaps"],
            "user": server.address(user),
            "password": server.PASSWORD,
            "certificate": str(self.server.certificate),
        }
        said = server.run([NODE, HERE / "conversation.mjs", json.dumps(settings)], cwd=HERE)
        return json.loads(said)

    def test_a_client_hears_and_finds_out_all_it_must(self):
        seen = self.converse("alice")
        for extension in ("CONDSTORE", "QRESYNC"):
            self.assertIn(extension, seen["enabled"])
        self.assertEqual(seen["compressed"], [True, False])
        self.assertEqual(seen["read"], ["first", "second", "third"])
        self.assertIn("third", seen["body"])
        # While it waits.
        self.assertEqual(seen["exists"], 4)
        self.assertEqual(seen["flagged"], ["$Kept", "\\Flagged"])
        self.assertEqual(seen["expunged"], {"vanished": True, "earlier": False})
        # When it comes back: the first message gone, the second changed, one new.
        self.assertEqual(seen["missed"], {"vanished": [0], "changed": [1, "new"]})
        self.assertEqual(seen["since"], [1, "new"])
        self.assertEqual(seen["flagsOfSecond"], ["$Kept", "\\Answered"])
        self.assertTrue(seen["alike"])


if __name__ == "__main__":
    server.main()
