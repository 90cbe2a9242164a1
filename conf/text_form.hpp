#pragma once

#include "conf/describe.hpp"

#include <string_view>

namespace stagepost::conf {

/// Whether a text that is not empty has the form. Says nothing about its length.
bool has_form(text_form form, std::string_view text);

/// What a text of this form is, for a sentence: "must be <an absolute path>".
std::string_view phrase_of(text_form form);

} // namespace stagepost::conf
