#pragma once

// The precompiled header of everything that knows CAF and Asio.
#include <caf/all.hpp>

#include <boost/asio.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>
