# shellcheck shell=bash disable=SC2154
# Part of tools/run: what is in the demo's data folder: certificate, configuration, users, mail. Uses here, bin, data,
# config, domain, host, password, listeners, port_base and bench_users.

make_certificate() {
  if [ -s "$data/certificate.pem" ] && openssl x509 -checkend 604800 -noout -in "$data/certificate.pem" >/dev/null; then
    return
  fi
  step "making a certificate for $host and 127.0.0.1"
  (
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/CN=$host" \
      -addext "subjectAltName=DNS:$host,DNS:localhost,IP:127.0.0.1" \
      -addext "extendedKeyUsage=serverAuth" \
      -keyout "$data/key.pem" -out "$data/certificate.pem" 2>"$data/openssl.log"
  ) || fail "openssl failed: $(cat "$data/openssl.log")"
  rm -f "$data/openssl.log"
}

# Written at each start, so that --port-base may change.
write_config() {
  local name service standard tls
  {
    say "# The demo of tools/run, which writes this file anew at each start."
    say "node_name: \"demo\""
    say "host_name: \"$host\""
    say "data_folder: \"$data/store\""
    say "control_socket: \"$data/control\""
    say "secrets_key_file: \"$data/secrets.key\""
    say "# Mail for other domains leaves only where smtp_out.routes says so, and never this machine."
    say "outbound: {deliver: routes, networks: [\"127.0.0.0/8\", \"::1\"]}"
    say "certificates:"
    say "  - hosts: [\"$host\", \"localhost\"]"
    say "    certificate: \"$data/certificate.pem\""
    say "    key: \"$data/key.pem\""
    say "listeners:"
    while read -r name service standard tls; do
      [ -n "$name" ] || continue
      say "  - {name: \"$name\", service: $service, address: \"127.0.0.1\", port: $((port_base + standard)), tls: $tls}"
    done <<<"$listeners"
  } >"$config.new"
  mv "$config.new" "$config"
  "$bin/stagepostd" --config "$config" --check >"$data/check.log" 2>&1 || {
    cat "$data/check.log" >&2
    fail "the daemon refuses $config"
  }
  rm -f "$data/check.log"
}

ctl() { "$bin/stagepostctl" --config "$config" "$@"; }

# Does a step of filling the demo once in the folder's life: `once NAME COMMAND…`. A step that was cut off before it
# was noted down finds its thing there already, which is as good.
once() {
  local name=$1 said
  shift
  if grep -Fqx -- "$name" "$data/steps" 2>/dev/null; then return; fi
  if ! said=$("$@" 2>&1) && ! grep -qiE 'already|exists' <<<"$said"; then
    printf '%s\n' "$said" >&2
    fail "could not do: $name"
  fi
  printf '%s\n' "$name" >>"$data/steps"
}

add_user() { printf '%s\n' "$password" | ctl user add "$1" --password-stdin; }
add_admin() { printf '%s\n' "$password" | ctl admin add admin --password-stdin; }

fill_demo() {
  if [ -e "$data/filled" ] && [ "$bench_users" -eq 0 ]; then return; fi
  step "making the domain, the users and the administrator"
  local name
  once "domain $domain" ctl domain add "$domain"
  for name in alice bob carol; do once "user $name" add_user "$name@$domain"; done
  once "administrator" add_admin
  if [ "$bench_users" -gt 0 ]; then
    add_bench_users
  else
    import_sample_mail
  fi
  : >"$data/filled"
}

add_bench_users() {
  step "making $bench_users users for measuring"
  local number name
  # All load comes from one address, in clear text, and into one domain: limits that a measurement would hit.
  once "limits of the domain" ctl domain set "$domain" max_users=100000 disk_space_mb=0
  once "limits of the services" ctl settings set passwords.plain_text_without_tls=true \
    smtp_in.max_connections=20000 smtp_in.max_connections_per_address=0 \
    imap.max_connections=20000 imap.max_connections_per_address=0 \
    pop3.max_connections=20000 pop3.max_connections_per_address=0
  for ((number = 1; number <= bench_users; ++number)); do
    printf -v name 'u%04d' "$number"
    once "user $name" add_user "$name@$domain"
    [ $((number % 50)) -ne 0 ] || say "  $number of $bench_users"
  done
}

import_sample_mail() {
  step "writing 200 sample messages into alice's mailbox"
  local maildir folder mail=$data/sample-mail
  python3 "$here/tools/demo/mail.py" "$mail" --to "alice@$domain"
  while read -r maildir; do
    folder=${maildir#"$mail"/}
    folder=${folder%/cur}
    say "  $folder"
    once "mail in $folder" ctl import "alice@$domain" "$mail/$folder" --folder "$folder"
  done < <(find "$mail" -type d -name cur | sort)
  rm -rf "$mail"
}
