#pragma once

#include "actors/confined_program.hpp"
#include "actors/index/interface.hpp"
#include "protocols/base/bytes.hpp"
#include "protocols/search/document.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace stagepost::index {

/// How documents are read: the programs for what we cannot read ourselves, empty where it is not read, and
/// what one run of them may take.
struct document_orders {
  std::string pdf_command;
  std::string word_command;
  std::string excel_command;
  std::string powerpoint_command;
  std::chrono::seconds time{10};
};

/// Gets the text out of documents. OpenDocument and OOXML are read here, others by programs of the system,
/// each in a child that may do little. One for all indexers: what fails is told once. For threads that may
/// wait, any number of them.
class document_text {
public:
  /// About a megabyte of text at most; empty where there is none to be had. `stop` ends it early.
  std::string read(bytes octets, const document_orders& orders, const std::atomic<bool>& stop);

  document_figures figures() const;

private:
  std::string run(bytes octets, search::document_kind kind, const std::string& command,
                  std::chrono::seconds time, const std::atomic<bool>& stop);
  void note(search::document_kind kind, const std::string& program, bool is_there);

  mutable std::mutex lock_;
  uint64_t read_ = 0;
  uint64_t failed_ = 0;
  /// Of each kind the program that was not there when it was needed last.
  std::map<search::document_kind, std::string> missing_;
};

} // namespace stagepost::index
