/// The types of the answers, as JSON schema. A test holds real answers against them.
#include "openapi.hpp"

#include <array>

namespace muster::broker::http {

std::span<const Schema> schemas() {
  static constexpr std::array all{
      Schema{"Error",
             R"({"type":"object","required":["error"],"properties":{"error":{"type":"object",
        "required":["code","message"],"properties":{
          "code":{"type":"string","description":"A fixed word."},
          "message":{"type":"string","description":"A sentence with the value and the bound."}}}}})"},
      Schema{"Health", R"({"type":"object","required":["ok","why"],"properties":{
        "ok":{"type":"boolean"},"why":{"type":"string","nullable":true}}})"},
      Schema{
          "Description",
          R"({"type":"object","required":["openapi","info","paths"],"additionalProperties":true,"properties":{
        "openapi":{"type":"string"},"info":{"type":"object"},"paths":{"type":"object"}}})"},
      Schema{"Topic",
             R"({"type":"object","required":["topic","topic_id","partitions"],"properties":{
        "topic":{"type":"string"},"topic_id":{"type":"string","description":"32 hex digits."},
        "partitions":{"type":"integer"}}})"},
      Schema{"TopicList",
             R"({"type":"object","required":["catalogue_version","topics"],"properties":{
        "catalogue_version":{"type":"integer"},
        "topics":{"type":"array","items":{"$ref":"#/components/schemas/Topic"}},
        "next":{"type":"string","description":"There is another page: pass it as after."}}})"},
      Schema{"GroupSummary",
             R"({"type":"object","required":["group","type","state","epoch","members"],
        "properties":{"group":{"type":"string"},
        "type":{"type":"string","enum":["consumer","classic"]},"state":{"type":"string"},
        "epoch":{"type":"integer"},"members":{"type":"integer"}}})"},
      Schema{"GroupList", R"({"type":"object","required":["groups"],"properties":{
        "groups":{"type":"array","items":{"$ref":"#/components/schemas/GroupSummary"}},
        "next":{"type":"string"}}})"},
      Schema{"Partitions",
             R"({"type":"object","required":["topic","topic_id","partitions"],"properties":{
        "topic":{"type":"string","nullable":true,"description":"Null: the topic is deleted."},
        "topic_id":{"type":"string"},
        "partitions":{"type":"array","items":{"type":"integer"}},
        "tokens":{"type":"array","items":{"type":"string"},
          "description":"Of the partitions in their order."}}})"},
      Schema{"Client", R"({"type":"object",
        "required":["client_id","host","address","software_name","software_version"],"properties":{
        "client_id":{"type":"string"},"host":{"type":"string"},"address":{"type":"string"},
        "software_name":{"type":"string"},"software_version":{"type":"string"}}})"},
      Schema{"Member",
             R"({"type":"object","required":["member","instance","status","epoch","client",
        "topics","session_timeout_ms","heartbeat_interval_ms","weight","zone","assigned","revoking","target"],
        "properties":{"member":{"type":"string"},"instance":{"type":"string","nullable":true},
        "status":{"type":"string"},"epoch":{"type":"integer"},
        "client":{"$ref":"#/components/schemas/Client"},
        "topics":{"type":"array","items":{"type":"string"}},
        "session_timeout_ms":{"type":"integer"},"heartbeat_interval_ms":{"type":"integer"},
        "weight":{"type":"integer"},"zone":{"type":"string"},
        "assigned":{"type":"array","items":{"$ref":"#/components/schemas/Partitions"}},
        "revoking":{"type":"array","items":{"$ref":"#/components/schemas/Partitions"}},
        "target":{"type":"array","items":{"$ref":"#/components/schemas/Partitions"}}}})"},
      Schema{"MemberList", R"({"type":"object","required":["group","members"],"properties":{
        "group":{"type":"string"},
        "members":{"type":"array","items":{"$ref":"#/components/schemas/Member"}},
        "next":{"type":"string"}}})"},
      Schema{"Group", R"({"type":"object","required":["group","type","state","assignor","epoch",
        "assignment_epoch","term","members"],"properties":{"group":{"type":"string"},
        "type":{"type":"string"},"state":{"type":"string"},"assignor":{"type":"string"},
        "epoch":{"type":"integer"},"assignment_epoch":{"type":"integer"},"term":{"type":"integer"},
        "members":{"type":"array","items":{"$ref":"#/components/schemas/Member"}},
        "next":{"type":"string"}}})"},
      Schema{"Offset", R"({"type":"object","required":["topic","topic_id","partition","offset",
        "leader_epoch","metadata","committed_at","token"],"properties":{
        "topic":{"type":"string","nullable":true},"topic_id":{"type":"string"},
        "partition":{"type":"integer"},"offset":{"type":"integer","nullable":true},
        "leader_epoch":{"type":"integer","nullable":true},"metadata":{"type":"string"},
        "committed_at":{"type":"string","format":"date-time","nullable":true},
        "token":{"type":"string","nullable":true}}})"},
      Schema{"OffsetList", R"({"type":"object","required":["group","offsets"],"properties":{
        "group":{"type":"string"},
        "offsets":{"type":"array","items":{"$ref":"#/components/schemas/Offset"}},
        "next":{"type":"integer"}}})"},
      Schema{"Move", R"({"type":"object","required":["from","to","topic","topic_id","partitions"],
        "properties":{"from":{"type":"string","nullable":true},"to":{"type":"string","nullable":true},
        "topic":{"type":"string","nullable":true},"topic_id":{"type":"string"},
        "partitions":{"type":"array","items":{"type":"integer"}}}})"},
      Schema{"EpochHistory", R"({"type":"object","required":["epoch","reason","trigger","changes",
        "assignor","started_at","gathered_ms","revoked_ms","settled_ms","members","moved","moves"],
        "properties":{"epoch":{"type":"integer"},"reason":{"type":"string"},
        "trigger":{"type":"string"},"changes":{"type":"integer"},"assignor":{"type":"string"},
        "started_at":{"type":"string","format":"date-time"},"gathered_ms":{"type":"integer"},
        "revoked_ms":{"type":"integer","nullable":true},"settled_ms":{"type":"integer","nullable":true},
        "members":{"type":"integer"},"moved":{"type":"integer"},
        "moves":{"type":"array","items":{"$ref":"#/components/schemas/Move"}}}})"},
      Schema{"History", R"({"type":"object","required":["group","epochs"],"properties":{
        "group":{"type":"string"},
        "epochs":{"type":"array","items":{"$ref":"#/components/schemas/EpochHistory"}}}})"},
      Schema{"Owner", R"({"type":"object",
        "required":["partition","member","instance","address","status","epoch","token","revoking"],
        "properties":{"partition":{"type":"integer"},
        "member":{"type":"string","nullable":true,"description":"Null: nobody owns it now."},
        "instance":{"type":"string","nullable":true},
        "address":{"type":"string","nullable":true,"description":"Null: it publishes none."},
        "status":{"type":"string","nullable":true},"epoch":{"type":"integer","nullable":true},
        "token":{"type":"string","nullable":true},
        "revoking":{"type":"boolean","description":"It is asked back, and not yet released."}}})"},
      Schema{"Owners", R"({"type":"object","required":["group","topic","topic_id"],"properties":{
        "group":{"type":"string"},"topic":{"type":"string"},"topic_id":{"type":"string"},
        "partition":{"type":"integer"},"member":{"type":"string","nullable":true},
        "instance":{"type":"string","nullable":true},"address":{"type":"string","nullable":true},
        "status":{"type":"string","nullable":true},"epoch":{"type":"integer","nullable":true},
        "token":{"type":"string","nullable":true},"revoking":{"type":"boolean"},
        "owners":{"type":"array","items":{"$ref":"#/components/schemas/Owner"},
          "description":"Instead of one owner's fields, if no partition was asked for."},
        "next":{"type":"integer"}}})"},
      Schema{"Event", R"({"type":"object",
        "required":["id","shard","number","kind","schema","at","term","revision"],
        "description":"docs/events.md is the catalogue of the kinds and their fields.",
        "additionalProperties":true,"properties":{
        "id":{"type":"string"},"shard":{"type":"integer"},"number":{"type":"integer"},
        "kind":{"type":"string"},"schema":{"type":"integer"},
        "at":{"type":"string","format":"date-time"},"term":{"type":"integer"},
        "revision":{"type":"integer"}}})"},
      Schema{"EventList", R"({"type":"object","required":["next","events"],"properties":{
        "next":{"type":"string","description":"The position behind these: pass it as after."},
        "lost":{"type":"array","description":"Asked for, but no longer kept.","items":{"type":"object",
          "required":["shard","first_lost","last_lost"],"properties":{"shard":{"type":"integer"},
          "first_lost":{"type":"integer"},"last_lost":{"type":"integer"}}}},
        "events":{"type":"array","items":{"$ref":"#/components/schemas/Event"}}}})"},
  };
  return all;
}

}  // namespace muster::broker::http
