#pragma once

#include "actors/outbound/job.hpp"
#include "actors/priority_rules.hpp"
#include "conf/settings.hpp"
#include "protocols/report/dsn.hpp"
#include "storage/batch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stagepost::outbound {

/// What the end of a transaction changes.
struct verdict {
  std::vector<report::reported_recipient> told; ///< for a report, where one is wanted
  size_t delivered = 0;
  size_t deferred = 0;
  size_t bounced = 0;
  std::optional<instant> next_attempt; ///< the first one of those that wait
  bool empties_message = false;   ///< it was taken out of the spool with its last recipients
  bool may_empty_message = false; ///< recipients left, and none of others may be there any more

  void wait_until(instant at);
};

/// Puts what becomes of each recipient into `into`: who has the mail, and who can never get it, leaves the
/// spool; who may get it later waits for his next time, by the number of attempts that were made. What failed
/// here is no attempt, and a place that the DNS does not know has fewer. Attempts may change his priority.
/// DLV-01, DLV-02, PRIO-18 to PRIO-23.
verdict record_end(storage::batch& into, const job_done& what, const conf::spool_settings& settings,
                   const priority_rules& priorities, instant now);

/// Who gets a report on this message: its sender, and of a report of ours whom the settings name. Empty:
/// nobody.
const std::string& reader_of_reports(const smtp::envelope& on, const conf::spool_settings& settings);

/// One line for people: the reply, or why there was none.
std::string reply_text(const smtp_client::outcome& how);

} // namespace stagepost::outbound
