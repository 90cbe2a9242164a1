# shellcheck shell=bash disable=SC2154
# Part of tools/run: what a person is told once the demo runs. Uses data, log, domain, host, password, listeners,
# port_base and bench_users.

print_tour() {
  local name standard tls
  printf '\nStagepost demo. Its passwords are public: it listens on 127.0.0.1 only and is not for real mail.\n\n'
  printf '  %-12s %-16s %s\n' service address encryption
  while read -r name _ standard tls; do
    [ -n "$name" ] || continue
    case $tls in
      implicit) tls="TLS" ;;
      starttls) tls="by STARTTLS" ;;
      none) tls="none" ;;
    esac
    printf '  %-12s %-16s %s\n' "$name" "127.0.0.1:$((port_base + standard))" "$tls"
  done <<<"$listeners"
  printf '\n  %-28s %s\n' user password
  for name in alice bob carol; do printf '  %-28s %s\n' "$name@$domain" "$password"; done
  printf '  %-28s %s\n' "admin (system)" "$password"
  if [ "$bench_users" -gt 0 ]; then
    printf '  u0001@%s … u%04d@%s %s\n' "$domain" "$bench_users" "$domain" "$password"
  fi
  printf '\n  certificate  %s (self-made, for %s and 127.0.0.1)\n' "$data/certificate.pem" "$host"
  printf '  data folder  %s\n  log          %s\n' "$data" "$log"
  cat <<TOUR

Three things to try next:

  1. Send a message from alice to bob:
     swaks --server 127.0.0.1:$((port_base + 587)) --tls --auth PLAIN --auth-user alice@$domain \\
       --auth-password $password --from alice@$domain --to bob@$domain --header "Subject: Hello Bob"

  2. Read it as bob over IMAP:
     curl --cacert $data/certificate.pem --user bob@$domain:$password \\
       "imaps://127.0.0.1:$((port_base + 993))/INBOX;MAILINDEX=1"

  3. List alice's mail over POP3:
     curl --cacert $data/certificate.pem --user alice@$domain:$password \\
       "pop3s://127.0.0.1:$((port_base + 995))/"

TOUR
}
