#include "json.hpp"
#include "told.hpp"

#include <services_json.hpp>

namespace muster::cli {

std::string json(const ServiceList& list) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, list); });
}

std::string json(const ServiceResult& result) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, result); });
}

std::string json(const RegisterOk& registered) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, registered); });
}

std::string json(const NodeList& list) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, list); });
}

}  // namespace muster::cli
