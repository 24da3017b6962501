/// docs/openapi.json is what the door does.
#include "door.hpp"

#include <broker/http/openapi.hpp>
#include <broker/http/routes.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <set>
#include <sstream>

namespace muster::broker::http {
namespace {

using boost::json::object;
using boost::json::value;

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

value description() {
  return boost::json::parse(content(OPENAPI_JSON));
}

std::string text(const value& v) {
  return std::string(v.as_string());
}

/// As much of JSON schema as the description uses; says where an answer differs.
class Validator {
 public:
  explicit Validator(const value& root) : root_(root) {}

  std::string check(const value& v, const std::string& schema) {
    where_ = schema;
    const value& found = root_.at("components").at("schemas").at(schema);
    return holds(v, found.as_object()) ? "" : where_ + ": " + boost::json::serialize(v);
  }

 private:
  bool holds(const value& v, const object& schema) {
    if (const auto* const ref = schema.if_contains("$ref")) {
      const std::string name = text(*ref).substr(std::string("#/components/schemas/").size());
      return holds(v, root_.at("components").at("schemas").at(name).as_object());
    }
    if (v.is_null()) return schema.contains("nullable");
    const std::string type = text(schema.at("type"));
    if (type == "object") return holds_object(v, schema);
    if (type == "array") return holds_array(v, schema);
    if (type == "string") return v.is_string() && is_listed(v, schema);
    if (type == "integer") return v.is_int64() || v.is_uint64();
    return type == "boolean" && v.is_bool();
  }

  bool holds_object(const value& v, const object& schema) {
    if (!v.is_object()) return false;
    if (const auto* const required = schema.if_contains("required"))
      for (const value& name : required->as_array())
        if (!v.as_object().contains(name.as_string())) {
          where_ += " lacks " + text(name);
          return false;
        }
    for (const auto& field : v.as_object())
      if (!holds_field(field, schema)) return false;
    return true;
  }

  bool holds_field(const boost::json::key_value_pair& field, const object& schema) {
    const auto* const properties = schema.if_contains("properties");
    const auto* const known =
        properties == nullptr ? nullptr : properties->as_object().if_contains(field.key());
    const auto* const others = schema.if_contains("additionalProperties");
    const bool closed = others == nullptr || (others->is_bool() && !others->as_bool());
    if (known == nullptr && closed && properties != nullptr) {
      where_ += " does not know " + std::string(field.key());
      return false;
    }
    const value* const rule = known != nullptr ? known : others;
    if (rule == nullptr || !rule->is_object()) return true;
    if (holds(field.value(), rule->as_object())) return true;
    where_ += "." + std::string(field.key());
    return false;
  }

  bool holds_array(const value& v, const object& schema) {
    if (!v.is_array()) return false;
    for (const value& item : v.as_array())
      if (!holds(item, schema.at("items").as_object())) return false;
    return true;
  }

  static bool is_listed(const value& v, const object& schema) {
    const auto* const list = schema.if_contains("enum");
    if (list == nullptr) return true;
    for (const value& item : list->as_array())
      if (item == v) return true;
    return false;
  }

  const value& root_;
  std::string where_;
};

TEST(OpenApi, TheFileIsWhatTheTableSays) {
  // The version is the project's, not the description's business.
  std::string file = content(OPENAPI_JSON);
  const std::string version = text(description().at("info").at("version"));

  EXPECT_EQ(file, openapi_document(version)) << "print it again: musterd openapi";
}

TEST(OpenApi, EveryRouteIsInItAndNothingElse) {
  std::set<std::string> in_table;
  for (const Route& route : routes()) {
    std::string method{to_string(route.method)};
    for (char& c : method) c = static_cast<char>(c | 0x20);
    EXPECT_TRUE(in_table.insert(method + " " + std::string(route.path)).second) << route.path;
    EXPECT_NE(route.handle, nullptr);
    EXPECT_FALSE(route.summary.empty());
  }
  std::set<std::string> in_file;
  const value all = description();
  for (const auto& path : all.at("paths").as_object())
    for (const auto& method : path.value().as_object())
      in_file.insert(std::string(method.key()) + " " + std::string(path.key()));
  EXPECT_EQ(in_file, in_table);
}

TEST(OpenApi, EverySchemaThatIsNamedExistsAndIsUsed) {
  const value all = description();
  const std::string whole = boost::json::serialize(all);
  for (const Schema& schema : schemas()) {
    EXPECT_NE(whole.find("#/components/schemas/" + std::string(schema.name) + "\""),
              std::string::npos)
        << schema.name << " is used nowhere";
  }
  const auto& known = all.at("components").at("schemas").as_object();
  const std::string key = "#/components/schemas/";
  for (std::size_t at = whole.find(key); at != std::string::npos; at = whole.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    const std::string name = whole.substr(begin, whole.find('"', begin) - begin);
    EXPECT_TRUE(known.contains(name)) << name;
  }
}

TEST(OpenApi, OperationsHaveNamesOfTheirOwn) {
  std::set<std::string> ids;
  const value all = description();
  for (const auto& path : all.at("paths").as_object())
    for (const auto& method : path.value().as_object())
      EXPECT_TRUE(ids.insert(text(method.value().at("operationId"))).second) << path.key();
}

TEST(OpenApi, RealAnswersHoldAgainstTheirSchemas) {
  TestDoor t;
  t.create_topic("work", 2);
  const JoinOk ok = t.join("g", "a", "work", "10.0.0.1:99");
  ASSERT_TRUE(t.peer->gets_work(2));
  const auto steps = t.peer->steps();
  Commit commit{ok.session, 1, {}};
  commit.offsets.push_back(
      {{steps.back().assigned[0].topic, 0}, steps.back().assigned[0].tokens[0], 42, 3, "note"});
  (void)t.ask<Done>(commit);
  ASSERT_TRUE(eventually(
      [&] { return !t.get("/v1/groups/g/offsets").json().at("offsets").as_array().empty(); }));

  Client client = t.connect();
  const std::string body =
      R"({"service":"web","id":"web-1","port":80,"meta":{"a":"b"},"tags":["x"]})";
  const Answer registered = client.request("POST", "/v1/register", body);
  const Answer beaten = client.request("PUT", "/v1/heartbeat/web-1", "");
  ASSERT_EQ(beaten.status, 200) << beaten.body;
  (void)t.ask<NodeOk>(RegisterNode{NodeName(std::string("host-1")), 0, "10.0.0.9", "eu"});

  const value all = description();
  Validator validator(all);
  EXPECT_EQ(validator.check(registered.json(), "Registered"), "");
  EXPECT_EQ(validator.check(beaten.json(), "Beaten"), "");
  EXPECT_EQ(validator.check(boost::json::parse(body), "Registration"), "");
  EXPECT_EQ(
      validator.check(client.request("PUT", "/v1/report/web-1", R"({"status":"healthy"})").json(),
                      "Done"),
      "");
  std::size_t checked = 0;
  for (const Route& route : routes()) {
    if (route.method != Method::get || route.answer.empty()) continue;
    std::string target(route.path);
    for (const auto& [capture, real] :
         {std::pair{"{group}", "g"}, {"{topic}", "work"}, {"{service}", "web"}})
      if (const auto at = target.find(capture); at != std::string::npos)
        target.replace(at, std::string(capture).size(), real);
    if (target == "/v1/owners") target += "?group=g&topic=work";
    const Answer answer = t.get(target);
    EXPECT_EQ(answer.status, 200) << target << answer.body;
    EXPECT_EQ(validator.check(answer.json(), std::string(route.answer)), "") << target;
    ++checked;
  }
  EXPECT_GE(checked, 10U);
  EXPECT_EQ(validator.check(t.get("/v1/owners?group=g&topic=work&partition=0").json(), "Owners"),
            "");
  EXPECT_EQ(validator.check(t.get("/nothing").json(), "Error"), "");
}

TEST(OpenApi, TheDoorTellsItItself) {
  TestDoor t;
  EXPECT_EQ(t.get("/v1/openapi.json").body, openapi_document("1.2.3"));
}

}  // namespace
}  // namespace muster::broker::http
