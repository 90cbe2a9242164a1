#include "actors/connection/narrow.hpp"

#include "protocols/search/fuzzy.hpp"
#include "protocols/search/needle.hpp"

#include <memory>

namespace stagepost::connection {

namespace {

storage::word_field_set fields_of(imap::text_scope scope) {
  using storage::bit_of;
  using storage::word_field;
  switch (scope) {
  case imap::text_scope::body: return bit_of(word_field::body);
  case imap::text_scope::text:
    return storage::word_field_set(bit_of(word_field::body) | bit_of(word_field::header));
  case imap::text_scope::header: return bit_of(word_field::header);
  case imap::text_scope::subject: return bit_of(word_field::subject);
  case imap::text_scope::from: return bit_of(word_field::from);
  case imap::text_scope::to: return bit_of(word_field::to);
  case imap::text_scope::cc: return bit_of(word_field::cc);
  case imap::text_scope::bcc: return bit_of(word_field::bcc);
  }
  return 0;
}

/// Whether words of attached documents count, too.
bool looks_into_documents(imap::text_scope scope) {
  return scope == imap::text_scope::body || scope == imap::text_scope::text;
}

/// As the session grades what it reads (imap/commands/fuzzy_key.hpp): of TEXT the subject counts in full.
storage::word_question to_fuzzy_question(const imap::search_text& asked, size_t closer_looks) {
  storage::word_question question;
  question.fields = fields_of(asked.scope);
  const bool of_text = asked.scope == imap::text_scope::text;
  if (of_text) question.fields |= bit_of(storage::word_field::subject);
  if (looks_into_documents(asked.scope)) question.fields |= bit_of(storage::word_field::document);
  question.exact = asked.scope != imap::text_scope::header;
  const auto needle = std::make_shared<search::fuzzy_needle>(asked.text, asked.languages);
  needle->allow(closer_looks);
  for (size_t word = 0; word < needle->size(); ++word) {
    question.patterns.push_back(needle->hint(word));
    question.graders.push_back(
        [needle, word, of_text](storage::word_field field, std::string_view candidate) {
          const bool beside = of_text && field != storage::word_field::subject;
          return search::weigh(needle->grade(word, candidate), beside ? search::percent_beside_subject : 100);
        });
  }
  return question;
}

imap::number_ranges to_ranges(const std::vector<storage::uid_run>& runs) {
  imap::number_ranges ranges;
  ranges.reserve(runs.size());
  for (const auto& run : runs) ranges.push_back({run.first, run.last});
  return ranges;
}

} // namespace

std::vector<storage::word_question> to_questions(const std::vector<imap::search_text>& texts) {
  std::vector<storage::word_question> questions;
  for (const auto& text : texts) {
    if (text.fuzzy) {
      questions.push_back(to_fuzzy_question(text, search::max_closer_looks_in_index / texts.size()));
      continue;
    }
    const auto plan = search::plan_needle(text.text);
    storage::word_question question;
    question.fields = fields_of(text.scope);
    // The index has the words of all fields of a header together.
    question.exact = plan.exact && text.scope != imap::text_scope::header;
    question.documents = looks_into_documents(text.scope);
    for (const auto& each : plan.patterns)
      question.patterns.push_back(std::string(each.at_start, '\0') + each.text +
                                  std::string(each.at_end, '\0'));
    questions.push_back(std::move(question));
  }
  return questions;
}

imap::narrowed to_narrowed(const storage::word_answer& answer) {
  imap::narrowed known{answer.indexed_to, {}};
  for (const auto& each : answer.hits) {
    imap::search_hits hits{to_ranges(each.sure), to_ranges(each.maybe), {}};
    hits.scores.reserve(each.scores.size());
    for (const auto& run : each.scores) hits.scores.push_back({run.first, run.last, run.score});
    known.hits.push_back(std::move(hits));
  }
  return known;
}

} // namespace stagepost::connection
