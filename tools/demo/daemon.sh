# shellcheck shell=bash disable=SC2154
# Part of tools/run: starts, watches and ends the demo's daemon. Uses bin, config, log, pid_file, background, host,
# port_base and listeners.

# The pid of the daemon that serves this folder, if one does: a pid file alone may be left over, and its number in
# use by something else.
running_pid() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  is_our_daemon "$pid" || return 1
  printf '%s\n' "$pid"
}

is_our_daemon() {
  [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' '\n' <"/proc/$1/cmdline" | grep -Fqx -- "$config"
}

stop_daemon() {
  local pid waited
  if ! pid=$(running_pid); then
    say "nothing runs in $data"
    rm -f "$pid_file"
    return
  fi
  kill -TERM "$pid"
  for ((waited = 0; waited < 300; ++waited)); do
    if ! is_our_daemon "$pid"; then
      rm -f "$pid_file"
      say "stopped $pid"
      return
    fi
    sleep 0.1
  done
  fail "process $pid did not end within 30 seconds; see $log"
}

start_daemon() {
  step "starting the daemon"
  : >"$log"
  if [ "$background" = yes ]; then
    # Its own session: it outlives the terminal it was started from.
    setsid "$bin/stagepostd" --config "$config" >>"$log" 2>&1 </dev/null &
  else
    "$bin/stagepostd" --config "$config" >>"$log" 2>&1 </dev/null &
  fi
  daemon=$!
  printf '%s\n' "$daemon" >"$pid_file"
  trap 'stop_after_failure' EXIT
}

# shellcheck disable=SC2317  # called by trap
stop_after_failure() {
  trap - EXIT
  kill -TERM "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  rm -f "$pid_file"
}

# Waits until every listener answers: plain ones with their greeting, TLS ones with a handshake.
wait_for_listeners() {
  local name service standard tls deadline=$((SECONDS + 60))
  while read -r name service standard tls; do
    [ -n "$name" ] || continue
    until answers "$service" $((port_base + standard)) "$tls"; do
      kill -0 "$daemon" 2>/dev/null || {
        tail -n 20 "$log" >&2
        fail "the daemon ended; its log is $log"
      }
      [ "$SECONDS" -lt "$deadline" ] || {
        tail -n 20 "$log" >&2
        fail "$name on port $((port_base + standard)) does not answer; the log is $log"
      }
      sleep 0.1
    done
  done <<<"$listeners"
}

answers() {
  local service=$1 port=$2 tls=$3
  if [ "$tls" = implicit ]; then
    timeout 5 openssl s_client -connect "127.0.0.1:$port" -servername "$host" </dev/null >/dev/null 2>&1
    return
  fi
  # In a shell of its own: a refused connection ends it, and its end closes the connection.
  (
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    if [ "$service" = http ]; then printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3; fi
    read -r -t 5 _ <&3
  ) 2>/dev/null
}

serve_until_stopped() {
  say "pid $daemon. Ctrl-C ends it; what happens is shown here."
  say
  # The first signal is passed on and the log is followed to the end of the orderly shutdown.
  trap 'kill -TERM "$daemon" 2>/dev/null || true' INT TERM HUP
  tail -n +1 --pid="$daemon" -f "$log" &
  local follower=$! status=0
  while kill -0 "$daemon" 2>/dev/null; do
    wait "$daemon" && status=0 || status=$?
  done
  wait "$follower" 2>/dev/null || true
  trap - EXIT
  rm -f "$pid_file"
  return "$status"
}
