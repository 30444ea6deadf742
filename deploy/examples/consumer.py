#!/usr/bin/env python3
"""How a service joins Paywatch: it hears events and acts on each exactly once.

Needs nothing but Python 3.9. It keeps a table of orders in SQLite and says what happens:

    # From the HTTP API, as a stream of server-sent events; the key stands in a file:
    consumer.py --database orders.sqlite --url https://pay.example.com --key-file key

    # From Kafka, one partition or all, as kcat prints it:
    kcat -C -q -b broker:9092 -t payment-events -o beginning -u -J |
        consumer.py --database orders.sqlite --stdin

    # What it has made of them:
    consumer.py --database orders.sqlite --report

It can be killed at any moment and started again. The rules, which are all there is to it:

1. What an event changes, and the note that it was handled, are ONE transaction of your database.
2. Of each subject (a payment, a transfer) remember the sequence and the id that you handled last.
   A sequence that isn't above it came before: pass over it. Every source may repeat events.
3. A sequence that skips numbers means that something is missing: keep the event until it comes.
   So take all events of a subject; a stream filtered by type has gaps.
4. The same sequence with another id means two histories of one subject: stop with that subject,
   and call someone. An event's id is the same however often it is told.
5. What you can't read, and what you can't handle, you put aside with its reason, and with it what
   comes later of its subject. Never drop it, and never let it hold up other subjects.
6. Pass over members that you don't know: later versions add some.

The schemas of all events stand in deploy/events.
"""

import argparse
import json
import sqlite3
import sys
import time
import urllib.error
import urllib.request

MAXIMUM_LINE = 4 << 20
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
  order_id TEXT PRIMARY KEY, payment_id TEXT NOT NULL, status TEXT NOT NULL,
  events INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS inbox_subjects (
  subject TEXT PRIMARY KEY, sequence INTEGER NOT NULL, event_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inbox_places (place TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS inbox_waiting (
  subject TEXT NOT NULL, sequence INTEGER NOT NULL, event_id TEXT NOT NULL,
  event TEXT NOT NULL, PRIMARY KEY (subject, sequence));
CREATE TABLE IF NOT EXISTS inbox_parked (
  number INTEGER PRIMARY KEY, subject TEXT, reason TEXT NOT NULL, message TEXT NOT NULL,
  UNIQUE (reason, message));
"""


class Malformed(Exception):
    """The message is no event."""


class Stop(Exception):
    """Nothing more can be read, for a reason that a person must look at."""


def apply(database, event):
    """The service itself: what an event means to it, inside the transaction. Yours goes here."""
    if not event["type"].startswith("payment."):
        return
    payment = event["data"]
    database.execute(
        "INSERT INTO orders (order_id, payment_id, status, events) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (order_id) DO UPDATE SET payment_id = excluded.payment_id,"
        " status = excluded.status, events = events + 1",
        (payment["order_id"], payment["id"], payment["status"]),
    )


def parse(text):
    """The CloudEvent in `text`, with everything that is relied on here checked."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise Malformed("no CloudEvent 1.0")
    for name in ("id", "type", "subject"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise Malformed(f"{name} is no text")
    sequence = event.get("sequence")
    if type(sequence) is not int or sequence < 1 or sequence >= 1 << 53:
        raise Malformed("sequence is no number from 1 on")
    if not isinstance(event.get("data"), dict):
        raise Malformed("data is no object")
    return event


class Consumer:
    def __init__(self, path):
        # Transactions are begun and ended here alone.
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.executescript(SCHEMA)

    def handle(self, place, number, text, key=None):
        """Takes the message that stands at `number` of `place`, in one transaction."""
        notes = []
        self.database.execute("BEGIN IMMEDIATE")
        try:
            if number <= self.last(place):
                self.database.execute("ROLLBACK")
                return
            self.take(text, key, notes)
            self.database.execute(
                "INSERT INTO inbox_places (place, last) VALUES (?, ?)"
                " ON CONFLICT (place) DO UPDATE SET last = excluded.last",
                (place, number),
            )
            self.database.execute("COMMIT")
        except BaseException:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            raise
        for note in notes:
            print(note, flush=True)

    def last(self, place):
        row = self.database.execute(
            "SELECT last FROM inbox_places WHERE place = ?", (place,)
        ).fetchone()
        return row[0] if row else -1

    def take(self, text, key, notes):
        try:
            event = parse(text)
            if key is not None and key != event["subject"]:
                raise Malformed("the key isn't the subject")
        except Malformed as error:
            self.park(key, str(error), text, notes)
            return
        subject, sequence, identity = event["subject"], event["sequence"], event["id"]
        row = self.database.execute(
            "SELECT sequence, event_id FROM inbox_subjects WHERE subject = ?", (subject,)
        ).fetchone()
        last, last_identity = row or (0, "")
        if sequence <= last:
            if sequence == last and identity != last_identity:
                self.park(subject, f"fork at {sequence}", text, notes)
            return
        self.wait(event, text, notes)
        if sequence > last + 1:
            notes.append(f"gap {subject}: {sequence} came before {last + 1}")
        self.advance(subject, last, notes)

    def wait(self, event, text, notes):
        """Keeps the event until its turn, which may be at once."""
        subject, sequence, identity = event["subject"], event["sequence"], event["id"]
        known = self.database.execute(
            "SELECT event_id FROM inbox_waiting WHERE subject = ? AND sequence = ?",
            (subject, sequence),
        ).fetchone()
        if known is None:
            self.database.execute(
                "INSERT INTO inbox_waiting VALUES (?, ?, ?, ?)",
                (subject, sequence, identity, text),
            )
        elif known[0] != identity:
            self.park(subject, f"fork at {sequence}", text, notes)

    def advance(self, subject, last, notes):
        """Handles the subject's events whose turn it is."""
        while not self.is_parked(subject):
            row = self.database.execute(
                "SELECT event_id, event FROM inbox_waiting WHERE subject = ? AND sequence = ?",
                (subject, last + 1),
            ).fetchone()
            if row is None:
                return
            identity, text = row
            event = json.loads(text)
            self.database.execute("SAVEPOINT event")
            try:
                apply(self.database, event)
            except (KeyError, TypeError, ValueError, sqlite3.IntegrityError) as error:
                self.database.execute("ROLLBACK TO event")
                self.park(subject, f"{type(error).__name__}: {error}", text, notes)
                return
            finally:
                self.database.execute("RELEASE event")
            last += 1
            self.database.execute(
                "DELETE FROM inbox_waiting WHERE subject = ? AND sequence = ?", (subject, last)
            )
            self.database.execute(
                "INSERT INTO inbox_subjects VALUES (?, ?, ?) ON CONFLICT (subject)"
                " DO UPDATE SET sequence = excluded.sequence, event_id = excluded.event_id",
                (subject, last, identity),
            )
            notes.append(f"handled {event['type']} {subject} {last}")

    def park(self, subject, reason, text, notes):
        self.database.execute(
            "INSERT OR IGNORE INTO inbox_parked (subject, reason, message) VALUES (?, ?, ?)",
            (subject, reason, text[:MAXIMUM_LINE]),
        )
        notes.append(f"parked {subject}: {reason}")

    def is_parked(self, subject):
        row = self.database.execute(
            "SELECT 1 FROM inbox_parked WHERE subject = ?", (subject,)
        ).fetchone()
        return row is not None

    def report(self):
        def rows(sql):
            return [list(row) for row in self.database.execute(sql)]

        return {
            "orders": rows("SELECT order_id, status, events FROM orders ORDER BY order_id"),
            "subjects": rows("SELECT subject, sequence FROM inbox_subjects ORDER BY subject"),
            "waiting": rows("SELECT subject, sequence FROM inbox_waiting ORDER BY 1, 2"),
            "parked": rows("SELECT subject, reason FROM inbox_parked ORDER BY number"),
            "places": dict(self.database.execute("SELECT place, last FROM inbox_places")),
        }


def lines(stream):
    """The stream's lines, none of which may be longer than any message is."""
    while True:
        line = stream.readline(MAXIMUM_LINE + 1)
        if not line:
            return
        if len(line) > MAXIMUM_LINE:
            raise Stop("a line is too long")
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def read_kcat(consumer, stream):
    """Messages in the envelope of `kcat -J`, one a line."""
    for line in lines(stream):
        if not line:
            continue
        try:
            envelope = json.loads(line)
            place = f"{envelope['topic']}/{envelope['partition']}"
            number = int(envelope["offset"])
        except (ValueError, KeyError, TypeError) as error:
            raise Stop(f"this isn't what kcat -J prints: {error}") from None
        consumer.handle(
            place, number, str(envelope.get("payload") or ""), key=envelope.get("key")
        )


def read_stream(consumer, url, key):
    """Server-sent events until the connection ends; the position is the place."""
    place = "positions"
    request = urllib.request.Request(
        url.rstrip("/") + "/v1/events",
        headers={
            "Accept": "text/event-stream",
            "Authorization": f"Bearer {key}",
            "Last-Event-ID": str(max(0, consumer.last(place))),
        },
    )
    # The server sends a comment now and then; silence for longer means that it has gone.
    with urllib.request.urlopen(request, timeout=90) as response:
        number, data = None, []
        for line in lines(response):
            if line.startswith("id:"):
                number = int(line[3:])
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line:
                if data and number is not None:
                    consumer.handle(place, number, "\n".join(data))
                number, data = None, []


def follow(consumer, url, key):
    """Reads the stream for ever, and comes back when the connection breaks."""
    pause = 0.2
    while True:
        before = consumer.last("positions")
        try:
            read_stream(consumer, url, key)
        except urllib.error.HTTPError as error:
            if error.code in (401, 403, 409, 410):
                # 409: the server's log ends before our position, as after a restore.
                # 410: it doesn't keep the next events any more.
                raise Stop(f"{error.code}: {error.read(2000).decode('utf-8', 'replace')}")
            print(f"the server answers {error.code}", file=sys.stderr, flush=True)
        except OSError as error:
            print(f"no connection: {error}", file=sys.stderr, flush=True)
        pause = 0.2 if consumer.last("positions") > before else min(pause * 2, 30)
        time.sleep(pause)


def main():
    parser = argparse.ArgumentParser(description="An example of a consumer of Paywatch's events.")
    parser.add_argument("--database", required=True, help="the SQLite file")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--url", help="the API, such as https://pay.example.com")
    source.add_argument("--stdin", action="store_true", help="what kcat -J prints")
    source.add_argument("--report", action="store_true", help="print the state as JSON")
    parser.add_argument("--key-file", help="the file with the API key")
    options = parser.parse_args()
    consumer = Consumer(options.database)
    try:
        if options.report:
            print(json.dumps(consumer.report()))
        elif options.stdin:
            read_kcat(consumer, sys.stdin.buffer)
        else:
            if not options.key_file:
                parser.error("--url needs --key-file")
            with open(options.key_file, encoding="ascii") as file:
                key = file.read().strip()
            follow(consumer, options.url, key)
    except Stop as stop:
        print(f"consumer: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
