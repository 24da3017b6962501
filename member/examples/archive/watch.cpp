#include "watch.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace backup {
namespace {

using muster::cli::Client;

muster::cli::ClientOptions client_options(const std::string& server) {
  muster::cli::ClientOptions options;
  options.servers = *muster::cli::parse_servers(server);
  options.timeout = muster::Millis{2'000};
  return options;
}

void take_offsets(const muster::OffsetList& list, Picture& picture) {
  for (const auto& offset : list.offsets) {
    auto& committed = picture.committed.at(static_cast<std::size_t>(offset.partition.partition));
    auto segments = decode(offset.metadata);
    if (!segments)
      throw std::runtime_error("an offset of the group has metadata that is none of ours");
    committed = {std::max<std::int64_t>(offset.offset, 0), std::move(*segments)};
    picture.done += static_cast<std::size_t>(committed.done);
  }
}

WorkerView view_of(const muster::MemberDescription& member, const Picture& picture,
                   const Manifest& manifest) {
  WorkerView worker{member.client.client_id, member.member, member.status, {}, {}};
  for (const auto& part : member.assigned) {
    for (std::size_t i = 0; i < part.partitions.size(); ++i) {
      const int p = part.partitions[i];
      const auto index = static_cast<std::size_t>(p);
      worker.owned[p] = part.tokens[i];
      const std::size_t entries = manifest.partitions.at(index).size();
      if (static_cast<std::size_t>(picture.committed[index].done) < entries)
        worker.unfinished.insert(p);
    }
  }
  return worker;
}

}  // namespace

const WorkerView* Picture::find(const std::string& name) const {
  const auto it = std::ranges::find(workers, name, &WorkerView::name);
  return it == workers.end() ? nullptr : &*it;
}

bool Picture::owned_by_others(const std::set<int>& partitions,
                              const muster::MemberId& not_this) const {
  return std::ranges::all_of(partitions, [&](int p) {
    return std::ranges::any_of(
        workers, [&](const auto& w) { return w.id != not_this && w.owned.contains(p); });
  });
}

Watch::Watch(std::string server, std::string group, const Manifest& manifest)
    : server_(std::move(server)),
      group_(std::move(group)),
      manifest_(manifest),
      total_(manifest.entries()) {}

Client& Watch::client() {
  if (!client_) client_ = std::make_unique<Client>(client_options(server_));
  return *client_;
}

bool Watch::refresh() {
  try {
    ask();
    return true;
  } catch (const muster::cli::Refused& refused) {
    if (refused.errc() == muster::Errc::unknown_group) return true;  // nobody has joined yet
    throw;
  } catch (const muster::cli::Lost&) {
    client_.reset();
    return false;
  }
}

void Watch::ask() {
  const auto offsets =
      client().ask<muster::OffsetList>(muster::Query{muster::FetchOffsets{group_, {}}});
  const auto group =
      client().ask<muster::GroupDescription>(muster::Query{muster::DescribeGroup{group_}});
  Picture next;
  next.epoch = group.epoch;
  take_offsets(offsets, next);
  for (const auto& member : group.members) {
    names_[member.member.value] = member.client.client_id;
    next.workers.push_back(view_of(member, next, manifest_));
  }
  std::ranges::sort(next.workers, {}, &WorkerView::name);
  picture_ = std::move(next);
  read_events();
}

void Watch::read_events() {
  muster::ReadEvents query;
  query.after = after_;
  query.group = group_;
  auto list = client().ask<muster::EventList>(muster::Query{query});
  after_ = std::move(list.next);
  for (auto& event : list.events) {
    if (event.kind == muster::EventKind::member_expelled) expelled_[event.member] = event.reason;
    if (event.kind == muster::EventKind::member_joined) names_.emplace(event.member, event.detail);
    events_.push_back(std::move(event));
  }
}

std::vector<muster::Event> Watch::take_events() {
  return std::exchange(events_, {});
}

std::string Watch::name_of(const std::string& member) const {
  const auto it = names_.find(member);
  return it == names_.end() ? member : it->second;
}

std::string Watch::with_names(std::string text) const {
  for (const auto& [id, name] : names_) {
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id, at)) {
      text.replace(at, id.size(), name);
    }
  }
  return text;
}

muster::TopicId Watch::create_topic(const std::string& name, int partitions) {
  const muster::Request request = muster::CreateTopic{muster::TopicName(name), partitions};
  topic_ = client().ask<muster::TopicChanged>(request).id;
  return topic_;
}

muster::Errc Watch::commit_with(muster::Token token, int partition, const std::string& topic) {
  Client probe(client_options(server_));
  muster::Join join;
  join.group = group_;
  join.topics = {muster::TopicName(topic)};
  join.client.client_id = "probe";
  join.weight = 0;  // nothing moves for its sake
  const auto joined = probe.ask<muster::JoinOk>(muster::Request{join});
  names_[joined.member.value] = "probe";
  muster::Errc said = muster::Errc::ok;
  try {
    muster::Commit commit{joined.session, 1, {{{topic_, partition}, token, 0, -1, {}}}};
    (void)probe.ask<muster::Done>(muster::Request{commit});
  } catch (const muster::cli::Refused& refused) {
    said = refused.errc();
  }
  (void)probe.ask<muster::Done>(muster::Request{muster::Leave{joined.session}});
  return said;
}

}  // namespace backup
