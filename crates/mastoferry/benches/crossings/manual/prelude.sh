# What every strategy of the manual procedure begins with. `written` runs a command as the document has it and notes its exit
# code; `repair` runs the smallest change by which the next one works.
set -uo pipefail
kubectl() { command kubectl --namespace "$NS" "$@"; }
helm() { command helm --namespace "$NS" "$@"; }
written() {
  echo "+ $*"
  local code=0
  "$@" || code=$?
  echo "$code $*" >>"$COMMANDS"
  return "$code"
}
repair() {
  echo "+ (repair) $*"
  "$@"
}
# The chart wants host names, which the values leave empty, and makes an HTTPRoute unless told otherwise.
repaired=(--set postgresql.hostname=postgres --set redis.hostname=redis --set httproute.enabled=false)
# The values name a key that the Secret of production does not have.
repair kubectl patch secret mastodon --type merge -p '{"stringData":{"REDIS_PASSWORD":"invented"}}'
