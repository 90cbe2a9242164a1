#!/usr/bin/env python3
"""Words of attached documents are found by SEARCH, once they are indexed; converters cannot hold anything up."""

import io
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import ole_file  # noqa: E402
import server  # noqa: E402

PDF = (Path(__file__).resolve().parent.parent / "data/documents/words.pdf").read_bytes()


def archive(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return made.getvalue()


def docx(words):
    text = f"<?xml version='1.0'?><w:document><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:body></w:document>"
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": text})


def odt(words):
    kind = "application/vnd.oasis.opendocument.text"
    return archive({"mimetype": kind, "content.xml": f"<x><office:body><text:p>{words}</text:p></office:body></x>"})


def mail(name, octets, kind="application/octet-stream", words="see the attachment"):
    message = EmailMessage()
    message["From"] = "bob@example.net"
    message["Subject"] = "a document"
    message.set_content(words)
    maintype, subtype = kind.split("/")
    message.add_attachment(octets, maintype=maintype, subtype=subtype, filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


class SearchDocumentsTest(server.ServerTest):
    first_start = {"index": {"wait_seconds": 0}}

    def is_indexed(self, user, folder):
        told = self.server.ctl_json("index", "status", server.address(user))["folders"]
        return any(one["folder"] == folder and one["up_to_date"] for one in told)

    def wait_for_index(self, user, folder="INBOX"):
        server.wait_until(f"the index of {folder} of {user}", lambda: self.is_indexed(user, folder))

    def documents(self):
        return self.server.ctl_json("index", "status")["documents"]

    def append(self, imap, *mails):
        for each in mails:
            self.assertEqual(imap.append("INBOX", None, None, each)[0], "OK")
        imap.noop()

    def search(self, imap, *keys):
        return [int(number) for number in imap.uid("SEARCH", *keys)[1][0].split()]

    def test_words_of_documents_are_found_in_folders_of_any_size(self):
        with self.server.imap("alice") as imap:
            imap.select("INBOX")
            self.append(
                imap,
                mail("letter.docx", docx("the zinnia report")),
                mail("notes.bin", odt("dahlia numbers"), "application/vnd.oasis.opendocument.text"),
                mail("nothing.pdf", b"not what its name says: zinnia"),
                mail("words.zip", docx("the zinnia is in no document"), "application/zip"),
                mail("broken.docx", docx("zinnia")[:-20]),
            )
            self.wait_for_index("alice")
            found = {
                ("BODY", "zinnia"): [1],
                ("TEXT", "innia"): [1],
                ("BODY", '"zinnia report"'): [1],
                ("BODY", '"zinnia numbers"'): [],
                ("BODY", "dahlia"): [2],
                ("FUZZY", "BODY", "reports"): [1],
                ("NOT", "BODY", "zinnia"): [2, 3, 4, 5],
                ("SUBJECT", "zinnia"): [],
                ("BODY", "attachment", "BODY", "dahlia"): [2],
            }
            for keys, expected in found.items():
                self.assertEqual(self.search(imap, *keys), expected, keys)
            self.append(imap, *[mail("a.docx", docx(f"rose {number}")) for number in range(20)])
            self.wait_for_index("alice")
            for keys, expected in found.items():
                if keys[0] != "NOT":
                    self.assertEqual(self.search(imap, *keys), expected, keys)
            self.assertEqual(self.search(imap, "BODY", "rose"), list(range(6, 26)))

            # What was indexed without stays without until the index is made anew.
            self.server.set(index__documents="false")
            self.addCleanup(self.server.set, index__documents="true")
            self.server.ctl("index", "rebuild", server.address("alice"))
            server.wait_until("no words", lambda: self.search(imap, "BODY", "zinnia") == [])
            self.wait_for_index("alice")
            self.assertEqual(self.search(imap, "BODY", "zinnia"), [])
            self.server.set(index__documents="true")
            self.server.ctl("index", "rebuild", server.address("alice"))
            server.wait_until("the words", lambda: self.search(imap, "BODY", "zinnia") == [1])

    def test_programs_of_the_system_read_what_we_do_not(self):
        programs = ("pdftotext", "catdoc", "xls2csv", "catppt")
        for program in programs:
            server.tool(program)
        with self.server.imap("bob") as imap:
            imap.select("INBOX")
            self.append(
                imap,
                mail("a.pdf", PDF),
                mail("b.doc", ole_file.make_doc("the marigold contract")),
                mail("c.xls", ole_file.make_xls("the hyacinth budget")),
                mail("d.ppt", ole_file.make_ppt("the snowdrop slides")),
            )
            self.wait_for_index("bob")
            self.assertEqual(self.search(imap, "BODY", "periwinkle"), [1])
            self.assertEqual(self.search(imap, "BODY", '"periwinkle agreement"'), [1])
            self.assertEqual(self.search(imap, "TEXT", "marigold"), [2])
            self.assertEqual(self.search(imap, "BODY", "hyacinth"), [3])
            self.assertEqual(self.search(imap, "BODY", "snowdrop"), [4])
            self.assertFalse(set(programs) & set(self.documents()["missing_programs"]))

    def test_a_converter_that_hangs_or_is_not_there_holds_nothing_up(self):
        usual = "pdftotext -q -enc UTF-8 -nopgbrk - -"
        self.addCleanup(self.server.set, index__pdf_command=usual, index__document_timeout_seconds=10)
        with self.server.imap("carol") as imap:
            imap.select("INBOX")
            failed = self.documents()["failed"]
            self.server.set(index__pdf_command="sleep 100000", index__document_timeout_seconds=1)
            self.append(imap, mail("a.pdf", PDF, words="words beside it"))
            self.wait_for_index("carol")
            self.assertEqual(self.search(imap, "BODY", "periwinkle"), [])
            self.assertEqual(self.search(imap, "BODY", "beside"), [1])
            self.assertEqual(self.documents()["failed"], failed + 1)

            self.server.set(index__pdf_command="no-such-converter -", index__document_timeout_seconds=10)
            self.append(imap, mail("a.pdf", PDF), mail("b.pdf", PDF))
            self.wait_for_index("carol")
            self.assertEqual(self.documents()["missing_programs"], ["no-such-converter"])
            self.assertIn("no-such-converter", self.server.ctl("index", "status"))

            # It reads its standard input as any program does.
            self.server.set(index__pdf_command='sed -n "s/.*(The \\\\(.*\\\\)) Tj.*/\\\\1/p"')
            self.append(imap, mail("c.pdf", PDF))
            self.wait_for_index("carol")
            self.assertEqual(self.search(imap, "BODY", "periwinkle"), [4])
            self.assertEqual(self.documents()["missing_programs"], [])

    def test_a_converter_that_hangs_keeps_no_server_from_its_end(self):
        server.tool("pdftotext")
        usual = "pdftotext -q -enc UTF-8 -nopgbrk - -"
        self.addCleanup(self.server.set, index__pdf_command=usual, index__document_timeout_seconds=10)
        # Its time is longer than the server may take to end.
        self.server.set(index__pdf_command="sleep 100000", index__document_timeout_seconds=60)
        with self.server.imap("carol") as imap:
            imap.create("Hanging")
            self.assertEqual(imap.append("Hanging", None, None, mail("a.pdf", PDF))[0], "OK")

        def at_work():
            return sum(one["folders_at_work"] for one in self.server.ctl_json("index", "status")["shards"])

        server.wait_until("somebody to read it", at_work)
        self.assertEqual(self.server.stop(seconds=30), 0)
        self.server.start()
        # It is not taken for one that was read.
        self.server.set(index__pdf_command=usual)
        self.assertFalse(self.is_indexed("carol", "Hanging"))
        self.server.restart()
        self.wait_for_index("carol", "Hanging")
        with self.server.imap("carol") as imap:
            imap.select("Hanging")
            self.assertEqual(self.search(imap, "BODY", "periwinkle"), [1])


if __name__ == "__main__":
    server.main()
