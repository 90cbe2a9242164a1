#include "protocols/autodiscover/outlook_request.hpp"

#include <expat.h>

#include <memory>
#include <string_view>

namespace stagepost::autodiscover {

namespace {

/// Between namespace and name of an element as expat gives it. No URI has it.
constexpr char name_separator = '\n';

struct reading {
  XML_Parser parser = nullptr;
  outlook_request found;
  size_t depth = 0;
  bool in_request = false;       ///< <Request> is open at its place
  std::string* wanted = nullptr; ///< what the text of the open element is added to
  bool refused = false;

  void refuse() {
    refused = true;
    XML_StopParser(parser, XML_FALSE);
  }
};

std::string_view local_name(const XML_Char* name) {
  const std::string_view whole(name);
  const auto separator = whole.rfind(name_separator);
  return separator == whole.npos ? whole : whole.substr(separator + 1);
}

void on_start(void* data, const XML_Char* name, const XML_Char**) {
  auto& state = *static_cast<reading*>(data);
  const auto local = local_name(name);
  if (++state.depth > deepest_element || state.wanted != nullptr) return state.refuse();
  if (state.depth == 1) {
    if (local != "Autodiscover") state.refuse();
  } else if (state.depth == 2) {
    state.in_request = local == "Request";
  } else if (state.depth == 3 && state.in_request) {
    if (local == "EMailAddress") state.wanted = &state.found.address;
    if (local == "AcceptableResponseSchema") state.wanted = &state.found.response_schema;
    if (state.wanted != nullptr && !state.wanted->empty()) state.refuse(); // twice: which one counts?
  }
}

void on_end(void* data, const XML_Char*) {
  auto& state = *static_cast<reading*>(data);
  --state.depth;
  state.wanted = nullptr;
}

void on_text(void* data, const XML_Char* text, int size) {
  auto& state = *static_cast<reading*>(data);
  if (state.wanted == nullptr) return;
  if (state.wanted->size() + size_t(size) > longest_value) return state.refuse();
  state.wanted->append(text, size_t(size));
}

void on_document_type(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  static_cast<reading*>(data)->refuse();
}

/// Without the blanks and line ends around it.
std::string stripped(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

struct parser_end {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

} // namespace

std::optional<outlook_request> parse_outlook_request(bytes_view body) {
  if (body.empty() || body.size() > largest_outlook_request) return std::nullopt;
  const std::unique_ptr<XML_ParserStruct, parser_end> parser(XML_ParserCreateNS(nullptr, name_separator));
  if (!parser) return std::nullopt;
  reading state;
  state.parser = parser.get();
  XML_SetUserData(parser.get(), &state);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_document_type);
  XML_SetParamEntityParsing(parser.get(), XML_PARAM_ENTITY_PARSING_NEVER);
  const auto status = XML_Parse(parser.get(), body.data(), int(body.size()), XML_TRUE);
  if (status != XML_STATUS_OK || state.refused) return std::nullopt;
  state.found.address = stripped(state.found.address);
  state.found.response_schema = stripped(state.found.response_schema);
  return state.found;
}

} // namespace stagepost::autodiscover
