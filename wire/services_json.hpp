/// Services, instances and nodes as JSON: the one form in which `muster --json` and the HTTP door
/// tell them; conventions as in answers_json.hpp.
#pragma once

#include <muster/messages.hpp>

namespace muster::wire {

class JsonWriter;

void append_service_summary(JsonWriter& w, const ServiceSummary& service);
void append_instance(JsonWriter& w, const InstanceDescription& instance);
void append_departed(JsonWriter& w, const DepartedDescription& departed);
void append_node(JsonWriter& w, const NodeDescription& node);

/// What a service has of its own, into an open object.
void append_service_fields(JsonWriter& w, const ServiceResult& result);

void append_json(JsonWriter& w, const ServiceList& list);
void append_json(JsonWriter& w, const ServiceResult& result);
void append_json(JsonWriter& w, const RegisterOk& registered);
void append_json(JsonWriter& w, const NodeList& list);

}  // namespace muster::wire
