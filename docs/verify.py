#!/usr/bin/env python3
"""Checks an exported log of chancery offline: python3 verify.py LOG [HEADS]

LOG is what `chancery audit export` wrote; HEADS is what `chancery audit heads` printed earlier and somebody else has kept.
Needs nothing but Python 3.8. The format is described in audit.md. Exit status: 0 nothing is wrong, 1 something is.
"""
import hashlib
import json
import sys


def number(value):
    return value.to_bytes(8, "big", signed=True)


def lp(part):
    """A part behind its length."""
    return len(part).to_bytes(8, "big") + part


def header(event):
    parts = [lp(event["dossier"].encode()), number(event["seq"]), number(event["at"]), lp(event["kind"].encode())]
    parts.append(number(event["kind_version"]))
    parts += [lp(event[key].encode()) for key in ("actor", "subjects", "machine")]
    for key in ("operation", "asked"):
        value = event[key]
        parts += [bytes([value is not None]), lp((value or "").encode())]
    return b"".join(parts)


def chained(domain, previous, *parts):
    return hashlib.sha256(lp(domain) + previous + b"".join(parts)).digest()


def main(log, kept=None):
    faults, last, hashes, operations, days, previous_day = [], {}, {}, set(), {}, bytes(32)
    events = anchored = 0
    for line in open(log, encoding="utf-8"):
        row = json.loads(line)
        if "event" in row:
            event, events = row["event"], events + 1
            name = f"event {event['seq']} of dossier {event['dossier']}"
            seq, at, previous = last.get(event["dossier"], (0, 0, bytes(32)))
            if event["seq"] != seq + 1:
                faults.append(f"{name} stands where event {seq + 1} belongs")
            if event["at"] < at:
                faults.append(f"{name} lies before the one before it")
            sealed, stored = bytes.fromhex(event["sealed"]), bytes.fromhex(event["hash"])
            if chained(b"chancery event 1", previous, lp(header(event)), lp(sealed)) != stored:
                faults.append(f"{name}: header, content or the event before are not those that were hashed")
            if event["operation"] is not None:
                if event["operation"] in operations:
                    faults.append(f"{name} repeats an operation")
                operations.add(event["operation"])
            last[event["dossier"]] = (event["seq"], event["at"], stored)
            hashes[event["dossier"], event["seq"]] = event["hash"]
        elif "head" in row:
            head = row["head"]
            stored = bytes.fromhex(head["hash"])
            parts = lp(head["day"].encode()) + number(head["at"]) + lp(head["content"].encode())
            if chained(b"chancery head 1", previous_day, parts) != stored:
                faults.append(f"the head of {head['day']} was changed, or one before it taken away")
            for dossier, seq, wanted in json.loads(head["content"]):
                if hashes.get((dossier, seq)) != wanted:
                    faults.append(f"event {seq} of dossier {dossier} is gone, or is not the one of {head['day']}")
            previous_day, days[head["day"]] = stored, head
        elif row.get("chancery_log") != 1:
            sys.exit(f"{log} is no exported log of a version that this script knows")
    for line in open(kept, encoding="utf-8") if kept else []:
        if line.strip():
            day, digest = line.split()[0], line.split()[-1]
            if days.get(day, {}).get("hash") != digest:
                faults.append(f"the head of {day} is not the one that was kept, or is gone")
    under = {}
    for head in days.values():
        for dossier, seq, _ in json.loads(head["content"]):
            under[dossier] = max(seq, under.get(dossier, 0))
    anchored = sum(seq <= under.get(dossier, 0) for dossier, (seq, _, _) in last.items())
    print(f"{len(last)} dossiers, {events} events, {len(days)} daily heads")
    print(f"{len(last) - anchored} dossiers have changed since the last head and stand under none")
    for fault in faults:
        print("WRONG:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
