// What a mail program built on imapflow does in a day: reads, waits, goes away, comes back and asks what it missed.
// Prints as JSON what it saw; tests/interop/imapflow_test.py says what that must be.

import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { ImapFlow } from 'imapflow';

const { host, port, user, password, certificate } = JSON.parse(process.argv[2]);

async function connect(options = {}) {
    const client = new ImapFlow({
        host,
        port,
        secure: true,
        auth: { user, pass: password },
        tls: { ca: readFileSync(certificate), servername: 'localhost' },
        logger: false,
        ...options
    });
    await client.connect();
    return client;
}

const message = words => `From: a@elsewhere.example\r\nSubject: ${words}\r\n\r\n${words}\r\n`;

/** The mailbox as this client fetches it: subjects and flags by UID. */
async function contents(client) {
    const found = {};
    for await (const each of client.fetch('1:*', { uid: true, flags: true, envelope: true }, { uid: true }))
        found[each.uid] = { subject: each.envelope.subject, flags: [...each.flags].sort() };
    return found;
}

const seen = {};
const one = await connect({ qresync: true });
const other = await connect({ disableCompression: true });
await other.mailboxOpen('INBOX');

seen.enabled = [...one.enabled].sort();
seen.compressed = [!!one._deflate, !!other._deflate];

for (const words of ['first', 'second', 'third']) await one.append('INBOX', message(words), ['$Kept']);
await one.mailboxOpen('INBOX');
seen.read = Object.values(await contents(one)).map(each => each.subject);
seen.body = (await one.fetchOne('*', { source: true })).source.toString();

// IDLE: three changes by somebody else, each heard of at once.
const idle = one.idle();
let told = once(one, 'exists');
await other.append('INBOX', message('fourth'));
seen.exists = (await told)[0].count;
told = once(one, 'flags');
await other.messageFlagsAdd('1', ['\\Flagged']);
seen.flagged = [...(await told)[0].flags].sort();
told = once(one, 'expunge');
await other.messageDelete('2');
const [gone] = await told;
seen.expunged = { vanished: !!gone.vanished, earlier: !!gone.earlier };
await one.noop(); // ends IDLE
await idle;

// Away, while much happens; then QRESYNC.
const { uidValidity, highestModseq } = one.mailbox;
const before = await contents(one);
await one.logout();
const uids = Object.keys(before).map(Number);
await other.messageDelete(String(uids[0]), { uid: true });
await other.messageFlagsAdd(String(uids[1]), ['\\Answered'], { uid: true });
await other.append('INBOX', message('fifth'));

const back = await connect({ qresync: true });
const missed = { vanished: [], changed: [] };
back.on('expunge', event => missed.vanished.push(event.uid));
back.on('flags', event => missed.changed.push(event.uid));
await back.mailboxOpen('INBOX', { uidValidity, changedSince: highestModseq });
seen.missed = {
    // It may be told again of what it saw go: VANISHED carries no modification number to remember.
    vanished: missed.vanished.filter(uid => uids.includes(uid)).map(uid => uids.indexOf(uid)),
    changed: missed.changed.map(uid => (uids.includes(uid) ? uids.indexOf(uid) : 'new'))
};

// CONDSTORE: what changed since, and a change that came too late.
const since = [];
for await (const each of back.fetch('1:*', { uid: true, flags: true }, { uid: true, changedSince: highestModseq }))
    since.push(uids.includes(each.uid) ? uids.indexOf(each.uid) : 'new');
seen.since = since;
await back.messageFlagsAdd(String(uids[1]), ['\\Deleted'], { uid: true, unchangedSince: highestModseq });
seen.flagsOfSecond = (await contents(back))[uids[1]].flags;

seen.alike = JSON.stringify(await contents(back)) === JSON.stringify(await contents(other));
await back.logout();
await other.logout();
console.log(JSON.stringify(seen));
