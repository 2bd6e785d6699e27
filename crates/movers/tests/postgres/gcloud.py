#!/usr/bin/env python3
"""Stands in for gcloud: its state is in state.json beside it. It knows the flags that Google's reference names for these
commands and no others, answers at once where it is told --async, and takes a few looks to do what it was asked."""
import argparse, json, os, sys

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "state.json")
state = json.load(open(FILE))


def fail(words, code=1):
    print("ERROR: " + words, file=sys.stderr)
    sys.exit(code)


def pairs(text):
    """`a=b,c=d`, or with another sign between: `^;^a=b;c=d`."""
    sign = ","
    if text.startswith("^"):
        _, sign, text = text.split("^", 2)
    return [{"name": name, "value": value} for name, value in (each.split("=", 1) for each in text.split(sign))]


COMMANDS = {
    "auth list": ([], ["filter"], []),
    "sql instances list": ([], ["filter"], []),
    "sql instances create": (["name"], ["database-version", "tier", "edition", "region", "storage-size", "database-flags"],
                             ["storage-auto-increase", "backup", "async"]),
    "sql instances patch": (["name"], ["database-flags", "storage-size"], ["storage-auto-increase", "async"]),
    "sql operations list": ([], ["instance", "limit"], []),
    "sql backups list": ([], ["instance"], []),
    "sql backups create": ([], ["instance", "description"], ["async"]),
    "sql databases list": ([], ["instance"], []),
    "sql databases create": (["name"], ["instance", "charset"], ["async"]),
}
command = next((it for it in COMMANDS if sys.argv[1:1 + len(it.split())] == it.split()), None)
if command is None:
    fail("(gcloud) Invalid choice", 2)
places, options, switches = COMMANDS[command]
parser = argparse.ArgumentParser(prog="gcloud", allow_abbrev=False)
for place in places:
    parser.add_argument(place)
for option in options + ["project", "format"]:
    parser.add_argument("--" + option)
for switch in switches:
    parser.add_argument("--" + switch, action="store_true")
asked = parser.parse_args(sys.argv[1 + len(command.split()):])
state["calls"].append(sys.argv[1:])
answer = None


def begin(kind):
    if any(it["left"] for it in state["operations"]):
        fail("(gcloud.sql) HTTPError 409: Operation failed because another operation was already in progress.")
    failed = state["fails"] == kind
    error = {"errors": [{"code": "INTERNAL_ERROR", "message": "the disk went away"}]}
    operation = {"name": f"op-{len(state['operations'])}", "operationType": kind, "left": 2}
    state["operations"].insert(0, operation | ({"error": error} if failed else {}))
    return not failed


if command == "auth list":
    answer = [{"account": "somebody@example.com", "status": "ACTIVE"}] if state["signed_in"] else []
elif command == "sql instances list":
    answer = [it for it in state["instances"] if asked.filter == "name=" + it["name"]]
elif command == "sql instances create":
    if begin("CREATE"):
        state["instances"].append({
            "name": asked.name, "databaseVersion": asked.database_version, "state": "RUNNABLE", "region": asked.region,
            "ipAddresses": [{"type": "PRIMARY", "ipAddress": "127.0.0.1"}],
            "settings": {"tier": asked.tier, "edition": asked.edition, "dataDiskSizeGb": asked.storage_size[:-2],
                         "storageAutoResize": asked.storage_auto_increase, "storageAutoResizeLimit": "0",
                         "backupConfiguration": {"enabled": asked.backup}, "databaseFlags": pairs(asked.database_flags)}})
elif command == "sql instances patch":
    settings = next(it for it in state["instances"] if it["name"] == asked.name)["settings"]
    if begin("UPDATE"):
        if asked.database_flags:
            settings["databaseFlags"] = pairs(asked.database_flags)
        if asked.storage_size:
            settings["dataDiskSizeGb"] = asked.storage_size[:-2]
        settings["storageAutoResize"] |= asked.storage_auto_increase
elif command == "sql operations list":
    for each in state["operations"]:
        each["left"] = max(0, each["left"] - 1)
    answer = [{"name": it["name"], "operationType": it["operationType"], "status": "RUNNING" if it["left"] else "DONE"}
              | ({"error": it["error"]} if "error" in it and not it["left"] else {}) for it in state["operations"]]
elif command == "sql backups list":
    answer = state["backups"]
elif command == "sql backups create":
    if begin("BACKUP_VOLUME"):
        state["backups"].append({"id": "1", "status": "SUCCESSFUL", "description": asked.description})
elif command == "sql databases list":
    answer = state["databases"]
elif command == "sql databases create":
    if begin("CREATE_DATABASE"):
        state["databases"].append({"name": asked.name, "charset": asked.charset})
json.dump(state, open(FILE, "w"))
if asked.format == "json":
    print(json.dumps(answer))
