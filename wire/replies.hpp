/// Replies with a table, one `build` and one `read` each. Private to the codec.
#pragma once

#include "table.hpp"

namespace muster::wire {

[[nodiscard]] At<fb::Refusal> build(Builder& b, const Refusal& m);
[[nodiscard]] At<fb::Done> build(Builder& b, const Done& m);
[[nodiscard]] At<fb::JoinOk> build(Builder& b, const JoinOk& m);
[[nodiscard]] At<fb::ResumeOk> build(Builder& b, const ResumeOk& m);
[[nodiscard]] At<fb::TopicChanged> build(Builder& b, const TopicChanged& m);
[[nodiscard]] At<fb::TopicList> build(Builder& b, const TopicList& m);
[[nodiscard]] At<fb::GroupList> build(Builder& b, const GroupList& m);
[[nodiscard]] At<fb::GroupDescription> build(Builder& b, const GroupDescription& m);
[[nodiscard]] At<fb::OffsetList> build(Builder& b, const OffsetList& m);
[[nodiscard]] At<fb::HistoryList> build(Builder& b, const HistoryList& m);
[[nodiscard]] At<fb::EventList> build(Builder& b, const EventList& m);
[[nodiscard]] At<fb::Metrics> build(Builder& b, const Metrics& m);
[[nodiscard]] At<fb::RegisterOk> build(Builder& b, const RegisterOk& m);
[[nodiscard]] At<fb::NodeOk> build(Builder& b, const NodeOk& m);
[[nodiscard]] At<fb::ServiceList> build(Builder& b, const ServiceList& m);
[[nodiscard]] At<fb::ServiceResult> build(Builder& b, const ServiceResult& m);
[[nodiscard]] At<fb::NodeList> build(Builder& b, const NodeList& m);

[[nodiscard]] Refusal read(Reader& r, const fb::Refusal& t);
[[nodiscard]] Done read(Reader& r, const fb::Done& t);
[[nodiscard]] JoinOk read(Reader& r, const fb::JoinOk& t);
[[nodiscard]] ResumeOk read(Reader& r, const fb::ResumeOk& t);
[[nodiscard]] TopicChanged read(Reader& r, const fb::TopicChanged& t);
[[nodiscard]] TopicList read(Reader& r, const fb::TopicList& t);
[[nodiscard]] GroupList read(Reader& r, const fb::GroupList& t);
[[nodiscard]] GroupDescription read(Reader& r, const fb::GroupDescription& t);
[[nodiscard]] OffsetList read(Reader& r, const fb::OffsetList& t);
[[nodiscard]] HistoryList read(Reader& r, const fb::HistoryList& t);
[[nodiscard]] EventList read(Reader& r, const fb::EventList& t);
[[nodiscard]] Metrics read(Reader& r, const fb::Metrics& t);
[[nodiscard]] RegisterOk read(Reader& r, const fb::RegisterOk& t);
[[nodiscard]] NodeOk read(Reader& r, const fb::NodeOk& t);
[[nodiscard]] ServiceList read(Reader& r, const fb::ServiceList& t);
[[nodiscard]] ServiceResult read(Reader& r, const fb::ServiceResult& t);
[[nodiscard]] NodeList read(Reader& r, const fb::NodeList& t);

}  // namespace muster::wire
