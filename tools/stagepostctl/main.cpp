#include "tools/stagepostctl/client.hpp"
#include "tools/stagepostctl/import.hpp"
#include "tools/stagepostctl/print.hpp"
#include "tools/stagepostctl/rebuild.hpp"
#include "tools/stagepostctl/restore.hpp"

#include "conf/load.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

namespace json = boost::json;
namespace conf = stagepost::conf;
namespace ctl = stagepost::ctl;

namespace {

// Exit codes: 0 done, 1 refused (the reason is on standard error), 2 wrong usage, 3 the server cannot be
// reached, 4 verify or rebuild found something.
enum exit_code { done = 0, refused = 1, usage = 2, not_reached = 3, unsound = 4 };

struct wrong_usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct command_line {
  std::string config;
  bool as_json = false;
  std::string name, path, folder, role = "user", id, from_day, to_day, since, who, rights = "lr";
  std::vector<std::string> values, names, dropped_names;
  bool password_stdin = false, server_password_stdin = false;
  uint64_t limit = 100;
  uint64_t priority = 5;
};

std::string read_password(const char* prompt = "Password: ") {
  std::string password;
  if (::isatty(STDIN_FILENO)) fmt::print(stderr, "{}", prompt);
  std::getline(std::cin, password);
  return password;
}

int tell(const command_line& line, const json::object& answer,
         const std::function<void(const json::object&)>& print) {
  if (line.as_json)
    std::cout << answer << '\n';
  else if (answer.at("done").as_bool() && print)
    print(answer);
  if (answer.at("done").as_bool()) return done;
  if (!line.as_json) fmt::print(stderr, "{}\n", std::string_view(answer.at("sentence").as_string()));
  return refused;
}

/// "name=value" pairs.
json::object settings_from(const std::vector<std::string>& values) {
  json::object out;
  for (const auto& each : values) {
    const auto at = each.find('=');
    if (at == each.npos) throw wrong_usage("\"" + each + "\" is not name=value");
    out[each.substr(0, at)] = each.substr(at + 1);
  }
  return out;
}

/// All users or aliases of a domain: the server answers a thousand at a time.
json::object list_all(ctl::client& server, json::object request, const char* what) {
  constexpr size_t page = 1000;
  auto all = server.ask(request);
  if (!all.at("done").as_bool()) return all;
  for (size_t last = all.at(what).as_array().size(); last == page;) {
    const auto& address = all.at(what).as_array().back().at("address").as_string();
    request["from"] = std::string(address.begin(), address.begin() + address.rfind('@')) + '\0';
    const auto more = server.ask(request);
    if (!more.at("done").as_bool()) return more;
    const auto& found = more.at(what).as_array();
    last = found.size();
    all.at(what).as_array().insert(all.at(what).as_array().end(), found.begin(), found.end());
  }
  return all;
}

json::array to_array(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& each : values) out.emplace_back(each);
  return out;
}

} // namespace

int main(int argc, char** argv) {
  command_line line;
  CLI::App app{"Administers a running Stagepost server over its local control socket.\n"
               "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 server not reached, 4 verify or rebuild "
               "found something."};
  app.require_subcommand(1);
  app.add_option("--config", line.config, "The node's settings file")->required();
  app.add_flag("--json", line.as_json, "Print the answer as JSON");
  app.fallthrough();

  std::function<int(ctl::client&)> act;
  const auto simple = [&](CLI::App* on, std::function<json::object()> request,
                          std::function<void(const json::object&)> print = {}) {
    on->callback([&, request, print] {
      act = [&, request, print](ctl::client& server) { return tell(line, server.ask(request()), print); };
    });
  };

  simple(
      app.add_subcommand("status", "What the server does"),
      [] {
        return json::object{{"verb", "status"}};
      },
      ctl::print_status);
  simple(app.add_subcommand("reload", "Reads settings and certificates again"), [] {
    return json::object{{"verb", "reload"}};
  });

  auto* domain = app.add_subcommand("domain", "Domains");
  domain->require_subcommand(1);
  const auto with_name = [&](CLI::App* on, const char* what) {
    on->add_option("name", line.name, what)->required();
  };
  auto* sub = domain->add_subcommand("add", "Makes a domain");
  with_name(sub, "Domain");
  simple(sub, [&] { return json::object{{"verb", "domain.add"}, {"name", line.name}}; });
  sub = domain->add_subcommand("list", "Lists the domains");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "domain.list"}};
      },
      ctl::print_domains);
  sub = domain->add_subcommand("show", "Shows a domain");
  with_name(sub, "Domain");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "domain.show"}, {"name", line.name}};
      },
      ctl::print_domains);
  sub = domain->add_subcommand("delete", "Deletes a domain without users");
  with_name(sub, "Domain");
  simple(sub, [&] { return json::object{{"verb", "domain.delete"}, {"name", line.name}}; });
  sub = domain->add_subcommand("set", "Changes settings of a domain");
  with_name(sub, "Domain");
  sub->add_option("settings", line.values, "name=value …");
  sub->add_option("--add-name", line.names, "Another name of the domain (domain alias)");
  sub->add_option("--drop-name", line.dropped_names,
                  "A name it shall no longer have; dropped before others are added");
  simple(sub, [&] {
    return json::object{{"verb", "domain.set"},
                        {"name", line.name},
                        {"settings", settings_from(line.values)},
                        {"add_names", to_array(line.names)},
                        {"drop_names", to_array(line.dropped_names)}};
  });

  auto* user = app.add_subcommand("user", "Users");
  user->require_subcommand(1);
  sub = user->add_subcommand("add", "Makes a user");
  with_name(sub, "Address");
  sub->add_flag("--password-stdin", line.password_stdin, "Read the password from standard input")->required();
  sub->add_option("--role", line.role, "user or domain_admin")
      ->check(CLI::IsMember({"user", "domain_admin"}));
  simple(sub, [&] {
    return json::object{
        {"verb", "user.add"}, {"name", line.name}, {"role", line.role}, {"password", read_password()}};
  });
  sub = user->add_subcommand("list", "Lists the users of a domain");
  with_name(sub, "Domain");
  sub->callback([&] {
    act = [&](ctl::client& server) {
      return tell(line, list_all(server, {{"verb", "user.list"}, {"name", line.name}}, "users"),
                  ctl::print_users);
    };
  });
  sub = user->add_subcommand("show", "Shows a user");
  with_name(sub, "Address");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "user.show"}, {"name", line.name}};
      },
      ctl::print_users);
  sub = user->add_subcommand("passwd", "Changes a password");
  with_name(sub, "Address");
  sub->add_flag("--password-stdin", line.password_stdin, "Read the password from standard input")->required();
  simple(sub, [&] {
    return json::object{{"verb", "user.passwd"}, {"name", line.name}, {"password", read_password()}};
  });
  sub = user->add_subcommand("delete", "Deletes a user and his mail");
  with_name(sub, "Address");
  simple(sub, [&] { return json::object{{"verb", "user.delete"}, {"name", line.name}}; });
  sub = user->add_subcommand("set", "Changes settings of a user");
  with_name(sub, "Address");
  sub->add_option("settings", line.values, "name=value …")->required();
  simple(sub, [&] {
    return json::object{{"verb", "user.set"}, {"name", line.name}, {"settings", settings_from(line.values)}};
  });

  auto* admin = app.add_subcommand("admin", "System administrators");
  admin->require_subcommand(1);
  sub = admin->add_subcommand("add", "Makes a system administrator");
  with_name(sub, "Login name");
  sub->add_flag("--password-stdin", line.password_stdin, "Read the password from standard input")->required();
  simple(sub, [&] {
    return json::object{{"verb", "admin.add"}, {"name", line.name}, {"password", read_password()}};
  });

  auto* alias = app.add_subcommand("alias", "Aliases");
  alias->require_subcommand(1);
  sub = alias->add_subcommand("add", "Makes an alias or gives it other targets");
  with_name(sub, "Address");
  sub->add_option("targets", line.values, "Addresses it stands for")->required();
  simple(sub, [&] {
    return json::object{{"verb", "alias.add"}, {"name", line.name}, {"targets", to_array(line.values)}};
  });
  sub = alias->add_subcommand("list", "Lists the aliases of a domain");
  with_name(sub, "Domain");
  sub->callback([&] {
    act = [&](ctl::client& server) {
      return tell(line, list_all(server, {{"verb", "alias.list"}, {"name", line.name}}, "aliases"),
                  ctl::print_aliases);
    };
  });
  sub = alias->add_subcommand("delete", "Deletes an alias");
  with_name(sub, "Address");
  simple(sub, [&] { return json::object{{"verb", "alias.delete"}, {"name", line.name}}; });

  auto* folder = app.add_subcommand("folder", "Public folders of a domain, and who may use folders");
  folder->require_subcommand(1);
  const auto with_folder = [&](CLI::App* on, const char* whose) {
    with_name(on, whose);
    on->add_option("folder", line.folder, "Folder, without \"Shared Folders/\"")->required();
  };
  sub = folder->add_subcommand("add", "Makes a public folder");
  with_folder(sub, "Domain");
  sub->add_option("--rights", line.rights, "What each user of the domain may do, as letters of RFC 4314");
  simple(sub, [&] {
    return json::object{
        {"verb", "folder.add"}, {"name", line.name}, {"folder", line.folder}, {"rights", line.rights}};
  });
  sub = folder->add_subcommand("delete", "Deletes a public folder and the mail in it");
  with_folder(sub, "Domain");
  simple(sub, [&] {
    return json::object{{"verb", "folder.delete"}, {"name", line.name}, {"folder", line.folder}};
  });
  sub =
      folder->add_subcommand("list", "Lists the public folders of a domain, or those of a user, and who may "
                                     "do what with them");
  with_name(sub, "Domain or address");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "folder.list"}, {"name", line.name}};
      },
      ctl::print_folders);
  sub = folder->add_subcommand("share", "Lets somebody use a folder, or no more");
  with_folder(sub, "Domain, or address of the owner");
  sub->add_option("who", line.who, "Address, or anyone; with \"-\" before it, behind --, what he may not do")
      ->required();
  sub->add_option("rights", line.rights, "All he may do, as letters of RFC 4314; \"\" for nothing")
      ->required();
  simple(sub, [&] {
    return json::object{{"verb", "folder.share"},
                        {"name", line.name},
                        {"folder", line.folder},
                        {"who", line.who},
                        {"rights", line.rights}};
  });

  auto* dkim = app.add_subcommand("dkim", "What mail of a domain is signed with");
  dkim->require_subcommand(1);
  sub = dkim->add_subcommand("enable", "Signs mail of a domain, and makes a first key when there is none");
  with_name(sub, "Domain");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "dkim.enable"}, {"name", line.name}};
      },
      ctl::print_keys);
  sub = dkim->add_subcommand("list", "Lists a domain's keys with the DNS records they need");
  with_name(sub, "Domain");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "dkim.list"}, {"name", line.name}};
      },
      ctl::print_keys);
  std::string algorithm = "rsa";
  sub = dkim->add_subcommand("add", "Makes a key; it signs at once only when no other of its kind does");
  with_name(sub, "Domain");
  sub->add_option("algorithm", algorithm, "rsa or ed25519")->check(CLI::IsMember({"rsa", "ed25519"}));
  simple(
      sub,
      [&] {
        return json::object{{"verb", "dkim.add"}, {"name", line.name}, {"algorithm", algorithm}};
      },
      ctl::print_keys);
  struct key_verb {
    const char *verb, *sentence;
  };
  for (const auto& each : {key_verb{"sign", "Lets a key sign, and retires the one of its kind that did"},
                           key_verb{"retire", "Lets a key sign no more; keep its record for some days"},
                           key_verb{"remove", "Forgets a key"}}) {
    sub = dkim->add_subcommand(each.verb, each.sentence);
    with_name(sub, "Domain");
    sub->add_option("selector", line.id, "Its selector")->required();
    simple(sub, [&, verb = each.verb] {
      return json::object{{"verb", std::string("dkim.") + verb}, {"name", line.name}, {"selector", line.id}};
    });
  }

  auto* gateway = app.add_subcommand("gateway", "Servers that mail leaves through or comes in for");
  gateway->require_subcommand(1);
  const auto with_passwords = [&](CLI::App* on) {
    on->add_flag("--password-stdin", line.password_stdin,
                 "Read the password of the login from standard input; an empty line takes it away");
    on->add_flag("--server-password-stdin", line.server_password_stdin,
                 "The same for the password of its web service, on the next line when both are given");
  };
  const auto gateway_request = [&](const char* verb) {
    json::object request{{"verb", verb}, {"name", line.name}, {"settings", settings_from(line.values)}};
    if (line.password_stdin) request["password"] = read_password();
    if (line.server_password_stdin) request["server_password"] = read_password("Server password: ");
    return request;
  };
  sub = gateway->add_subcommand("add", "Makes a gateway");
  sub->add_option("kind", line.who, "outgoing or incoming")
      ->required()
      ->check(CLI::IsMember({"outgoing", "incoming"}));
  with_name(sub, "Name");
  sub->add_option("settings", line.values, "name=value …");
  with_passwords(sub);
  simple(sub, [&, gateway_request] {
    auto request = gateway_request("gateway.add");
    request["kind"] = line.who;
    return request;
  });
  sub = gateway->add_subcommand("list", "Lists the gateways");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "gateway.list"}};
      },
      ctl::print_gateways);
  sub = gateway->add_subcommand("show", "Shows all settings of a gateway");
  with_name(sub, "Name");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "gateway.show"}, {"name", line.name}};
      },
      ctl::print_gateway);
  sub = gateway->add_subcommand("set", "Changes settings of a gateway, or its passwords");
  with_name(sub, "Name");
  sub->add_option("settings", line.values, "name=value …");
  with_passwords(sub);
  simple(sub, [&, gateway_request] { return gateway_request("gateway.set"); });
  sub = gateway->add_subcommand("delete", "Deletes a gateway; what waits goes another way");
  with_name(sub, "Name");
  simple(sub, [&] { return json::object{{"verb", "gateway.delete"}, {"name", line.name}}; });

  auto* queue = app.add_subcommand("queue", "The spool");
  queue->require_subcommand(1);
  sub = queue->add_subcommand("list", "Lists what waits");
  sub->add_option("--from", line.id, "Queue id to begin at");
  sub->add_option("--limit", line.limit, "At most so many")->check(CLI::Range(1, 1000));
  simple(
      sub,
      [&] {
        return json::object{{"verb", "queue.list"}, {"from", line.id}, {"limit", line.limit}};
      },
      ctl::print_queue);
  for (const auto* verb : {"show", "delete"}) {
    sub = queue->add_subcommand(verb, std::string(verb) == "show" ? "Shows a message"
                                                                  : "Takes a message out of the spool");
    sub->add_option("id", line.id, "Queue id")->required();
    simple(
        sub,
        [&, verb] {
          return json::object{{"verb", std::string("queue.") + verb}, {"id", line.id}};
        },
        ctl::print_queue);
  }
  sub = queue->add_subcommand("retry", "Tries a message now, or all");
  sub->add_option("id", line.id, "Queue id; none: all");
  simple(sub, [&] { return json::object{{"verb", "queue.retry"}, {"id", line.id}}; });

  sub = queue->add_subcommand("reset", "Starts over with the attempts at a message, or at all");
  sub->add_option("id", line.id, "Queue id; none: all");
  simple(sub, [&] { return json::object{{"verb", "queue.reset"}, {"id", line.id}}; });
  for (const auto& [verb, what] : {std::pair("hold", "Lets a message wait until it is released"),
                                   std::pair("release", "Lets a message go on that was held"),
                                   std::pair("force", "Tries a message now, before all others")}) {
    sub = queue->add_subcommand(verb, what);
    sub->add_option("id", line.id, "Queue id")->required();
    simple(sub, [&, verb = std::string("queue.") + verb] {
      return json::object{{"verb", verb}, {"id", line.id}};
    });
  }
  sub = queue->add_subcommand("priority", "Changes the priority of a message for other servers");
  sub->add_option("id", line.id, "Queue id")->required();
  sub->add_option("priority", line.priority, "1 to 10; 10 goes first")->required()->check(CLI::Range(1, 10));
  simple(sub, [&] {
    return json::object{{"verb", "queue.priority"}, {"id", line.id}, {"priority", line.priority}};
  });

  auto* index = app.add_subcommand("index", "The index of words behind SEARCH");
  index->require_subcommand(1);
  for (const auto* verb : {"status", "rebuild"}) {
    sub =
        index->add_subcommand(verb, std::string(verb) == "status"
                                        ? "Shows how far the server is, or the folders of a user"
                                        : "Makes the index of a user's folders anew, or of all; search works "
                                          "meanwhile, slower");
    sub->add_option("address", line.name, "User; none: all");
    simple(
        sub,
        [&, verb] {
          return json::object{{"verb", std::string("index.") + verb}, {"name", line.name}};
        },
        ctl::print_index);
  }

  auto* settings = app.add_subcommand("settings", "Server-wide settings");
  settings->require_subcommand(1);
  sub = settings->add_subcommand("list", "Lists them");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "settings.list"}};
      },
      ctl::print_settings);
  sub = settings->add_subcommand("set", "Changes them");
  sub->add_option("settings", line.values, "name=value …")->required();
  simple(sub, [&] {
    return json::object{{"verb", "settings.set"}, {"settings", settings_from(line.values)}};
  });

  auto* access = app.add_subcommand("gateway-credential", "Under what other servers ask this one");
  access->require_subcommand(1);
  sub = access->add_subcommand("set", "Lets other servers ask under a user and a password");
  with_name(sub, "User, of no meaning elsewhere");
  sub->add_flag("--password-stdin", line.password_stdin, "Read the password from standard input")->required();
  simple(sub, [&] {
    return json::object{{"verb", "gateway_access.set"}, {"user", line.name}, {"password", read_password()}};
  });
  simple(
      access->add_subcommand("show", "Shows the user"),
      [] {
        return json::object{{"verb", "gateway_access.show"}};
      },
      ctl::print_gateway_access);
  simple(access->add_subcommand("delete", "Lets nobody ask any more"), [] {
    return json::object{{"verb", "gateway_access.delete"}};
  });

  sub = app.add_subcommand("resolve", "Asks the server's resolver, as deliveries and checks do");
  with_name(sub, "Name");
  std::string type = "A";
  sub->add_option("type", type, "A, AAAA, MX, TXT, PTR, TLSA or CNAME; A if not given");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "resolve"}, {"name", line.name}, {"type", type}};
      },
      ctl::print_records);

  sub = app.add_subcommand("route", "Says where mail to an address goes and why; sends nothing");
  with_name(sub, "Address");
  std::string route_from;
  const auto* has_from =
      sub->add_option("--from", route_from, "Says how mail of this sender leaves, too; \"\" for nobody's");
  simple(
      sub,
      [&, has_from] {
        json::object request{{"verb", "route"}, {"name", line.name}};
        if (has_from->count() != 0) request["from"] = route_from;
        return request;
      },
      ctl::print_route);

  sub = app.add_subcommand("trace", "The life of a message");
  sub->add_option("id", line.id, "Queue id or Message-ID")->required();
  stagepost::mime::time_zone zone;
  sub->add_option_function<std::string>(
      "--time-zone",
      [&](const std::string& name) {
        const auto found = stagepost::mime::time_zone::find(name);
        if (!found) throw CLI::ValidationError("--time-zone", "there is no time zone " + name);
        zone = *found;
      },
      "Shows times as clocks there do, e.g. Europe/Berlin; UTC if not given. JSON stays in UTC");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "trace"}, {"id", line.id}};
      },
      [&](const json::object& answer) { ctl::print_trace(answer, zone); });

  sub = app.add_subcommand("statistics", "What was counted of a domain, by day in UTC; of the last 30 days");
  sub->add_option("name", line.name, "Domain; none: the whole server");
  sub->add_option("--from", line.from_day, "First day, as 2026-12-31");
  sub->add_option("--to", line.to_day, "Last day; today if not given");
  simple(
      sub,
      [&] {
        return json::object{
            {"verb", "statistics"}, {"name", line.name}, {"from", line.from_day}, {"to", line.to_day}};
      },
      ctl::print_statistics);

  sub = app.add_subcommand("outbound-tls", "How TLS with other servers went, by day in UTC");
  sub->add_option("--from", line.from_day, "First day, as 2026-12-31");
  sub->add_option("--to", line.to_day, "Last day; today if not given");
  simple(
      sub,
      [&] {
        return json::object{{"verb", "outbound_tls"}, {"from", line.from_day}, {"to", line.to_day}};
      },
      ctl::print_outbound_tls);

  sub = app.add_subcommand("verify", "Proves checksums, references and counters");
  sub->callback([&] {
    act = [&](ctl::client& server) {
      const auto answer = server.ask({{"verb", "verify"}});
      const int told = tell(line, answer, ctl::print_verify);
      return told == done && !answer.at("sound").as_bool() ? int(unsound) : told;
    };
  });

  sub = app.add_subcommand("backup",
                           "Writes a consistent copy of all stores into a new folder, while the server runs");
  sub->add_option("folder", line.path, "Absolute path, not there yet")->required();
  simple(sub, [&] { return json::object{{"verb", "backup"}, {"folder", line.path}}; });

  sub =
      app.add_subcommand("import", "Brings in an mbox, a Maildir or a folder of .eml files; safe to repeat");
  with_name(sub, "Address");
  sub->add_option("path", line.path, "File or folder")->required();
  sub->add_option("--folder", line.folder, "Folder of the mailbox; INBOX if not given");
  sub->callback([&] {
    act = [&](ctl::client& server) {
      const auto outcome = ctl::import_mail(server, line.name, line.path, line.folder);
      ctl::print_import(outcome, line.as_json);
      return outcome.refused == 0 ? done : refused;
    };
  });

  sub = app.add_subcommand("undelete", "Brings back what a user expunged, to where it was; safe to repeat");
  with_name(sub, "Address");
  bool list_only = false;
  sub->add_flag("--list", list_only, "Only shows what there is");
  sub->add_option("--folder", line.folder, "Only of this folder");
  sub->add_option("--since", line.since,
                  "Only what was expunged from then on: 2026-12-31 or 2026-12-31T16:19:33Z, in UTC");
  simple(
      sub,
      [&] {
        return json::object{{"verb", list_only ? "undelete.list" : "undelete"},
                            {"name", line.name},
                            {"folder", line.folder},
                            {"since", line.since}};
      },
      ctl::print_undelete);

  auto* mailbox = app.add_subcommand("mailbox", "What happened in the folders of a user");
  mailbox->require_subcommand(1);
  sub = mailbox->add_subcommand(
      "history",
      "The changes of his folders, or what was in them at a time; as far back as their change logs reach");
  with_name(sub, "Address");
  std::string at_time;
  sub->add_option("--folder", line.folder, "Only of this folder");
  auto* at_option = sub->add_option(
      "--at", at_time, "What was in the folders then: 2026-12-31 or 2026-12-31T16:19:33Z, in UTC");
  sub->add_option("--since", line.since, "Only changes from then on")->excludes(at_option);
  sub->callback([&] {
    act = [&](ctl::client& server) {
      json::object request{{"verb", "mailbox.history"},
                           {"name", line.name},
                           {"folder", line.folder},
                           {"at", at_time},
                           {"since", line.since}};
      // A page at a time, each printed as it comes: as JSON, an object for each.
      for (;;) {
        const auto answer = server.ask(request);
        const int told = tell(line, answer, ctl::print_history);
        const auto* next = answer.if_contains("next");
        if (told != done || next == nullptr) return told;
        request["from_folder"] = next->as_object().at("folder");
        request["from_item"] = next->as_object().at("item");
      }
    };
  });

  std::function<int(const conf::node_settings&)> offline;
  sub = app.add_subcommand(
      "rebuild",
      "Makes folders again from bodies and change logs, when verify found them damaged; the server must "
      "not run. What was there is kept aside");
  sub->add_option("--mailbox", line.name, "Only of this user");
  sub->callback([&] {
    offline = [&](const conf::node_settings& node) { return ctl::rebuild(line.name, node) ? done : unsound; };
  });

  sub = app.add_subcommand(
      "restore",
      "Puts a backup in the place of the data; the server must not run. What was there is kept aside");
  sub->add_option("folder", line.path, "What backup wrote")->required();
  sub->callback([&] {
    offline = [&](const conf::node_settings& node) {
      ctl::restore(line.path, node);
      return done;
    };
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& bad) {
    const int code = app.exit(bad);
    return code == 0 ? int(done) : int(usage);
  }
  const auto loaded = conf::load_file(line.config);
  for (const auto& each : loaded.errors) fmt::print(stderr, "{}\n", each);
  if (!loaded.ok()) return usage;
  try {
    if (offline) return offline(loaded.loaded.node);
  } catch (const std::exception& why) {
    fmt::print(stderr, "{}\n", why.what());
    return refused;
  }
  try {
    ctl::client server(loaded.loaded.node.control_socket);
    return act(server);
  } catch (const ctl::unreachable& why) {
    fmt::print(stderr, "{}\n", why.what());
    return not_reached;
  } catch (const wrong_usage& why) {
    fmt::print(stderr, "{}\n", why.what());
    return usage;
  } catch (const std::exception& why) { // a file that cannot be read
    fmt::print(stderr, "{}\n", why.what());
    return refused;
  }
}
