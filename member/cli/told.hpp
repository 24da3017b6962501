/// JSON in the words in which the HTTP door tells it, made safe for a terminal.
#pragma once

#include "text.hpp"

#include <json_writer.hpp>

#include <string>

namespace muster::cli {

/// `append` writes one value to a wire::JsonWriter.
template <class Append>
std::string told(Append append) {
  std::string out;
  wire::JsonWriter w(out);
  append(w);
  return shown_json(out);
}

}  // namespace muster::cli
